//! What the application runs from: zip files of the functions, one file each and the same for both
//! regions; and, in the profile `containers`, one image with all containers' binaries.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use cdk::FileAsset;
use cdk::assembly::writer::{FileError, read_asset};
use recovery::deployment::{Architecture, Deployment, Profile};
use zip::ZipArchive;

use crate::app::SynthesisError;

/// Accepts and answers orders and sessions.
pub const ORDERS_API: &str = "orders-api";
/// Settles orders into the database.
pub const ORDER_PROCESSOR: &str = "order-processor";
/// Keeps the lease, watches the other region, takes over.
pub const SENTINEL: &str = "sentinel";
/// Runs the steps of the recovery workflow.
pub const RECOVERY_STEP: &str = "recovery-step";
/// Asks whether the standby could take over now.
pub const PREFLIGHT: &str = "preflight";
/// Compares the journal with the databases and the sessions of both regions.
pub const RECONCILER: &str = "reconciler";
/// Makes and removes what CloudFormation cannot.
pub const STACK_HOOK: &str = "stack-hook";
/// Keeps the database's schema and users, and rotates its master password.
pub const DATABASE_KEEPER: &str = "database-keeper";
/// Answers orders and sessions as [`ORDERS_API`] does, as a container.
pub const ORDERS_SERVICE: &str = "orders-service";
/// Settles orders as [`ORDER_PROCESSOR`] does, as a container.
pub const ORDERS_WORKER: &str = "orders-worker";
/// Every container, by the name of its binary and of its service.
pub const CONTAINERS: [&str; 2] = [ORDERS_SERVICE, ORDERS_WORKER];
/// File beside the packages that holds the tag of the containers' image: the digest of its content.
pub const IMAGE_TAG_FILE: &str = "image.tag";
/// Every function, by the name of its binary and of its zip file.
pub const FUNCTIONS: [&str; 8] = [
    ORDERS_API,
    ORDER_PROCESSOR,
    SENTINEL,
    RECOVERY_STEP,
    STACK_HOOK,
    PREFLIGHT,
    DATABASE_KEEPER,
    RECONCILER,
];

/// The functions of a deployment: in the profile `containers` those that answer and settle are containers.
pub fn functions(deployment: &Deployment) -> Vec<&'static str> {
    let profile = deployment.compute.profile;
    let is_one = |name: &&str| profile == Profile::Functions || ![ORDERS_API, ORDER_PROCESSOR].contains(name);
    FUNCTIONS.into_iter().filter(is_one).collect()
}

/// The containers of a deployment.
pub fn containers(deployment: &Deployment) -> &'static [&'static str] {
    if deployment.compute.profile == Profile::Containers { &CONTAINERS } else { &[] }
}

/// The function whose code, permissions and database user a container has; its own name for any other.
pub fn function_of(binary: &str) -> &str {
    match binary {
        ORDERS_SERVICE => ORDERS_API,
        ORDERS_WORKER => ORDER_PROCESSOR,
        other => other,
    }
}

/// The functions that nothing may call for weeks: in a region that stands by no order is settled, none of them is
/// in a recovery, and the keeper works when something is deployed or, at home, a password is rotated. All are in
/// the VPC, whose interfaces Lambda takes back from a function that is idle for weeks; `stack-hook` is not.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>
pub fn idle(deployment: &Deployment) -> Vec<&'static str> {
    let may_be = [ORDER_PROCESSOR, RECOVERY_STEP, DATABASE_KEEPER];
    functions(deployment).into_iter().filter(|function| may_be.contains(function)).collect()
}

/// The deployment packages, read once.
#[derive(Clone, Debug)]
pub struct Packages {
    assets: Vec<(&'static str, FileAsset)>,
    /// Tag of the containers' image; `None` where nobody has said it.
    pub image: Option<String>,
}

impl Packages {
    /// Reads `{function}.zip` of every function of the deployment, and [`IMAGE_TAG_FILE`] where it is.
    ///
    /// # Errors
    /// The first package that cannot be read.
    pub fn read(directory: &Path, deployment: &Deployment) -> Result<Self, FileError> {
        let read = |function| Ok((function, read_asset(&directory.join(format!("{function}.zip")))?));
        let image = std::fs::read_to_string(directory.join(IMAGE_TAG_FILE)).ok();
        Ok(Self {
            assets: functions(deployment).into_iter().map(read).collect::<Result<_, _>>()?,
            image: image.map(|tag| tag.trim().to_owned()),
        })
    }

    /// Packages of no content, named by their functions, for templates that are only looked at.
    pub fn stand_ins() -> Self {
        let stand_in = |function: &'static str| {
            let sha256 = cdk::content_hash(function.as_bytes());
            (function, FileAsset { source: function.into(), sha256, extension: "zip".to_owned() })
        };
        Self { assets: FUNCTIONS.into_iter().map(stand_in).collect(), image: Some("stand-in".to_owned()) }
    }

    /// The same with another tag of the image, if there is one.
    #[must_use]
    pub fn with_image(mut self, tag: Option<String>) -> Self {
        self.image = tag.or(self.image);
        self
    }

    /// The package of one of [`functions`].
    ///
    /// # Panics
    /// When `function` is none of them, which is a mistake in the program.
    pub fn of(&self, function: &str) -> &FileAsset {
        let found = self.assets.iter().find(|(name, _)| *name == function);
        &found.expect("every function of the deployment was read").1
    }
}

/// Refuses packages for another processor. A package that holds no ELF program is not judged, and
/// neither is a drill's, whose functions run where the drill does.
///
/// # Errors
/// The first package that does not fit.
pub fn fit(directory: &Path, architecture: Architecture) -> Result<(), SynthesisError> {
    let wanted = match architecture {
        Architecture::X86_64 => [62, 0],
        Architecture::Arm64 => [183, 0],
    };
    let other = |name: &&str| {
        machine(&directory.join(format!("{name}.zip"))).is_some_and(|machine| machine != wanted)
    };
    match FUNCTIONS.into_iter().find(other) {
        Some(package) => Err(SynthesisError::Processor { package, architecture }),
        None => Ok(()),
    }
}

/// `e_machine` of the program in a package: the two bytes at 18, where both of our machines are little-endian.
fn machine(package: &Path) -> Option<[u8; 2]> {
    let mut archive = ZipArchive::new(File::open(package).ok()?).ok()?;
    let mut head = [0; 20];
    archive.by_name("bootstrap").ok()?.read_exact(&mut head).ok()?;
    head.starts_with(b"\x7fELF").then_some([head[18], head[19]])
}
