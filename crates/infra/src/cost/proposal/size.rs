//! Other processors, other sizes.

use recovery::deployment::Architecture;

use super::{Draft, Subject, Turn};

/// Sizes of a class from small to large.
const SIZES: [&str; 7] = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"];

/// Graviton costs a fifth less for the same time.
pub(super) fn graviton(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.deployment.clone();
    if turned.compute.architecture == Architecture::Arm64 {
        return None;
    }
    turned.compute.architecture = Architecture::Arm64;
    Some(Draft {
        id: "graviton",
        title: "run the application on Graviton",
        how: "compute.architecture = \"arm64\" in the deployment file".to_owned(),
        turn: Turn::Deployment(Box::new(turned)),
        unchanged: "limits and schedules stay as they are",
        risk: "binaries for another processor, which a drill on this machine does not run: rehearse before",
        needs: Some("packages for arm64, from a machine that has that target"),
    })
}

/// Half the size, where the class has a smaller one that a global database may have.
pub(super) fn smaller_database(subject: &Subject<'_>) -> Option<Draft> {
    let mut turned = subject.deployment.clone();
    let (family, size) = turned.database.instance_class.rsplit_once('.')?;
    let at = SIZES.iter().position(|known| *known == size)?;
    let smaller = format!("{family}.{}", SIZES.get(at.checked_sub(1)?)?);
    let how = format!("database.instance_class = \"{smaller}\" in the deployment file");
    turned.database.instance_class = smaller;
    Some(Draft {
        id: "smaller-database",
        title: "database instances one size down, in both regions",
        how,
        turn: Turn::Deployment(Box::new(turned)),
        unchanged: "the budget's rate of a replay is assumed, not read from the class",
        risk: "half the memory and half the processors: a replay may be slower than the budget assumes; measure first",
        needs: None,
    })
}
