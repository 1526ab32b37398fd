//! The PostgreSQL server that PGHOST, PGPORT, PGUSER and PGPASSWORD name. It runs on this machine.

use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::process::{OWN, WITH_ENDED_CHILDREN, cpu_of};

/// Whether there is one. Says so if not.
pub fn is_there() -> bool {
    let set = std::env::var("PGHOST").is_ok();
    if !set {
        println!("\nPGHOST is not set: nothing was measured on PostgreSQL");
    }
    set
}

fn url(database: &str) -> String {
    let set = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let [user, password, host, port] = ["PGUSER", "PGPASSWORD", "PGHOST", "PGPORT"].map(set);
    format!("postgres://{user}:{password}@{host}:{port}/{database}")
}

/// Creates an empty database in place of an earlier one. Returns its address.
pub fn create(name: &str) -> String {
    let mut conn = PgConnection::establish(&url("postgres")).expect("a server");
    conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).expect("no old database");
    conn.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
    url(name)
}

/// Time on a core (proc(5), stat) of all processes of the server behind `url`.
pub fn cpu(url: &str) -> Duration {
    let mut conn = PgConnection::establish(url).expect("a database");
    let own: i32 = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("pg_backend_pid()"))
        .get_result(&mut conn)
        .expect("a process");
    let parent = |process: u32| -> Option<u32> {
        let all = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        all.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
    };
    let server = parent(own.unsigned_abs()).expect("the server of a backend");
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let living = numbers.filter(|number| parent(*number) == Some(server));
    cpu_of(server, WITH_ENDED_CHILDREN) + living.map(|number| cpu_of(number, OWN)).sum::<Duration>()
}
