//! The plans of many hosts in one file.

use certbind_migrate::{Error, FleetPlan, Plan, Planner};

use crate::backends::{Bindings, bound, of, stream};

fn plan(key: &str) -> Plan {
    let source = of(&[bound(key, 1)]);
    let plan = Planner::default().plan(stream(&source), stream(&Bindings::new()));
    plan.unwrap()
}

fn fleet() -> FleetPlan {
    let plans = [("web02", "0.0.0.0:444"), ("web01", "0.0.0.0:443")];
    FleetPlan::new(plans.map(|(host, key)| (host.to_owned(), plan(key))))
}

#[track_caller]
fn refused(json: &str) -> Error {
    FleetPlan::from_json(json.as_bytes()).unwrap_err()
}

#[test]
fn each_plan_comes_back_under_its_host() {
    let json = fleet().to_json();
    assert_eq!(FleetPlan::from_json(json.as_bytes()).unwrap(), fleet());
    let hosts: Vec<_> = fleet().hosts().keys().cloned().collect();
    assert_eq!(hosts, ["web01", "web02"]);
    assert_eq!(fleet().hosts()["web02"], plan("0.0.0.0:444"));
    let undo = fleet().inverse();
    assert_eq!(undo.hosts()["web01"], plan("0.0.0.0:443").inverse());
    assert_eq!(
        FleetPlan::from_json(undo.to_json().as_bytes()).unwrap(),
        undo
    );
}

#[test]
fn newer_version_is_refused() {
    let newer = fleet()
        .to_json()
        .replacen("\"version\": 1", "\"version\": 2", 1)
        .replacen("\"hosts\"", "\"sites\"", 1);
    let error = refused(&newer);
    assert!(
        matches!(
            error,
            Error::NewerVersion {
                found: 2,
                supported: 1
            }
        ),
        "{error}"
    );
}

#[test]
fn other_file_is_refused_as_fleet_plan() {
    let json = fleet().to_json();
    for (text, said) in [
        (
            plan("0.0.0.0:443").to_json(),
            "found \"certbind-plan\" and 1",
        ),
        (
            json.replacen("\"version\": 1", "\"version\": 0", 1),
            "and 0",
        ),
        ("{}".to_owned(), "found no format and no version"),
        (
            json.replacen("\"hosts\"", "\"more\": 1, \"hosts\"", 1),
            "unknown field `more`",
        ),
        (
            json.replacen("\"action\": \"create\"", "\"action\": \"party\"", 1),
            "web01: ",
        ),
    ] {
        let error = refused(&text);
        assert!(matches!(error, Error::NoPlan(_)), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn two_plans_of_one_host_are_refused() {
    let twice = fleet().to_json().replacen("web02", "web01", 1);
    let error = refused(&twice);
    assert!(error.to_string().contains("\"web01\" occurs twice"));
    // Duplicates within a plan are refused as well.
    let again = fleet().to_json().replacen(
        "\"left_alone\": 0",
        "\"left_alone\": 0, \"left_alone\": 1",
        1,
    );
    let error = refused(&again);
    assert!(error.to_string().contains("duplicate field"), "{error}");
}
