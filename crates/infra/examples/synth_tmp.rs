fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let deployment = recovery::deployment::Deployment::parse(&text, &args[1]).unwrap();
    let synthesis = infra::Synthesis { account: "111122223333".into(), packages: args[2].clone().into() };
    match infra::synthesise(&deployment, &synthesis, args[3].as_ref()) {
        Ok(a) => for s in &a.stacks { println!("{} {} {}", s.name, s.environment.region, s.template.resources.len()) },
        Err(e) => { eprintln!("{e}"); std::process::exit(1) }
    }
}
