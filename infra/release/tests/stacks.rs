//! The deploy tool as an operator calls it, against moto's CloudFormation (`infra/local/aws/cloudformation.py` says what is moto's
//! and what is added). The stacks are small ones of their own (`fixture/`): moto ignores most types of FaxDroid's templates.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use faxdroid_testbed::Moto;
use tempfile::TempDir;

const ACCOUNT: &str = "222222222222";

fn moto() -> &'static Moto {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    MOTO.get_or_init(|| {
        Moto::start_completed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../local/aws/cloudformation.py"))
    })
}

/// A folder like `infra/` with an environment of its own, so that tests do not meet.
struct Infra {
    folder: TempDir,
    environment: &'static str,
}

/// How a command ended and what it said.
#[derive(Debug)]
struct Said {
    succeeded: bool,
    out: String,
    error: String,
}

impl Infra {
    fn new(environment: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture");
        for below in ["templates", "parameters"] {
            fs::create_dir(folder.path().join(below)).unwrap();
            for file in fs::read_dir(fixture.join(below)).unwrap() {
                let file = file.unwrap();
                fs::copy(file.path(), folder.path().join(below).join(file.file_name())).unwrap();
            }
        }
        let parameters = format!(
            "layers: small\naccount: \"{ACCOUNT}\"\nregion: us-east-2\nparameters:\n  Environment: {environment}\n"
        );
        fs::write(folder.path().join(format!("parameters/{environment}.yaml")), parameters).unwrap();
        Self { folder, environment }
    }

    fn template(&self, layer: &str) -> PathBuf {
        self.folder.path().join(format!("templates/{layer}.yaml"))
    }

    /// Replaces what stands once in a template.
    fn edit(&self, layer: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.template(layer)).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{old}");
        fs::write(self.template(layer), text.replace(old, new)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faxdroid"));
        command
            .arg("--infra")
            .arg(self.folder.path())
            .args(&arguments[..1])
            .arg(self.environment)
            .args(&arguments[1..])
            .env("AWS_ENDPOINT_URL", moto().endpoint())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        // The environment's name is the test's own; without it tests read alike.
        let plain = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(self.environment, "qa");
        Said { succeeded: status.success(), out: plain(stdout), error: plain(stderr) }
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert!(said.succeeded, "{arguments:?}: {said:?}");
        said.out
    }

    fn fails(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert!(!said.succeeded, "{arguments:?}: {said:?}");
        said
    }
}

/// The places of these lines in `text`, which must be there in this order.
fn in_order(text: &str, lines: &[&str]) {
    let mut from = 0;
    for line in lines {
        let found =
            text[from..].find(line).unwrap_or_else(|| panic!("no {line:?} (in this place) in\n{text}"));
        from += found + line.len();
    }
}

const FIRST: [&str; 3] = ["deploy", "--set", "Release=1"];

#[test]
fn stacks_are_made_in_order_and_see_the_exports_and_outputs_of_those_before_them() {
    let qa = Infra::new("test-order");
    let said = qa.succeeds(&FIRST);
    in_order(
        &said,
        &[
            "faxdroid-qa-network: creating\n",
            "  + add      Vpc (AWS::EC2::VPC)\n",
            "  CREATE_COMPLETE              faxdroid-qa-network\n",
            "faxdroid-qa-data: creating\n",
            "  CREATE_IN_PROGRESS           Subnet\n",
            "  CREATE_COMPLETE              Subnet\n",
            "  CREATE_COMPLETE              faxdroid-qa-data\n",
            "faxdroid-qa-edge: creating\n",
            "  CREATE_COMPLETE              faxdroid-qa-edge\n",
        ],
    );
    let status = qa.succeeds(&["status"]);
    in_order(&status, &["faxdroid-qa-network (us-east-2): CREATE_COMPLETE\n  VpcId = vpc-"]);
    // From one region to another, which no export does.
    let arn = format!("arn:aws:sqs:us-east-2:{ACCOUNT}:qa-retries");
    in_order(&status, &[&format!("faxdroid-qa-edge (us-east-1): CREATE_COMPLETE\n  Told = {arn}\n")]);
}

#[test]
fn the_role_of_the_environments_account_is_taken_and_nothing_is_done_in_ones_own() {
    let qa = Infra::new("test-role");
    qa.succeeds(&["deploy", "network"]);
    in_order(&qa.succeeds(&["status"]), &["faxdroid-qa-network (us-east-2): CREATE_COMPLETE\n"]);
    let mine = qa.succeeds(&["status", "--as-myself"]);
    in_order(&mine, &["faxdroid-qa-network (us-east-2): not there\n"]);
}

#[test]
fn a_plan_says_what_would_change_and_changes_nothing() {
    let qa = Infra::new("test-plan");
    let plan = ["plan", "--set", "Release=1"];
    in_order(
        &qa.succeeds(&plan),
        &[
            "faxdroid-qa-network: to be created\n  + add      Vpc (AWS::EC2::VPC)\n",
            "faxdroid-qa-edge: can be planned after faxdroid-qa-network, faxdroid-qa-data is there: \
             faxdroid-qa-data has no output QueueArn yet: deploy it first\n",
        ],
    );
    assert_eq!(qa.succeeds(&["status"]).matches("not there").count(), 3, "a plan leaves nothing behind");

    qa.succeeds(&FIRST);
    assert_eq!(qa.succeeds(&plan).matches("nothing to change").count(), 3);
    qa.edit("network", "10.20.0.0/16", "10.20.0.0/20");
    let said = qa.succeeds(&plan);
    in_order(&said, &["faxdroid-qa-network: to be changed\n  ! REPLACE  Vpc (AWS::EC2::VPC): CidrBlock\n"]);
    assert_eq!(qa.succeeds(&["status"]).matches("CREATE_COMPLETE").count(), 3);
}

#[test]
fn what_cannot_be_planned_fails_unless_an_earlier_stack_is_still_to_come() {
    let qa = Infra::new("test-unplanned");
    let said = qa.fails(&["plan", "data"]);
    assert_eq!(
        said.error,
        "faxdroid: faxdroid-qa-data: the parameter Release has no value: give --set Release=…\n"
    );
}

#[test]
fn an_update_changes_what_is_new_and_keeps_parameters_that_are_not_given() {
    let qa = Infra::new("test-update");
    qa.succeeds(&FIRST);
    qa.edit(
        "data",
        "Outputs:\n",
        "  Refunds:\n    Type: AWS::SQS::Queue\nOutputs:\n  Release: { Value: !Ref Release }\n",
    );
    let said = qa.succeeds(&["deploy"]);
    in_order(
        &said,
        &[
            "faxdroid-qa-network: nothing to change\n",
            "faxdroid-qa-data: changing\n  + add      Refunds (AWS::SQS::Queue)\n",
            "  UPDATE_IN_PROGRESS           faxdroid-qa-data",
            "  CREATE_COMPLETE              Refunds\n",
            "  UPDATE_COMPLETE              faxdroid-qa-data\n",
            "faxdroid-qa-edge: nothing to change\n",
        ],
    );
    assert!(
        !said.contains("faxdroid-qa-data: creating"),
        "events of the first deployment are not told again"
    );
    in_order(&qa.succeeds(&["status"]), &["  Release = 1\n"]);
}

#[test]
fn progress_is_told_while_it_happens() {
    let qa = Infra::new("test-progress");
    let mut command = qa.command(&["deploy", "network"]);
    let mut tool = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tool.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("CREATE_IN_PROGRESS")).expect("it tells of the beginning");
    assert!(tool.try_wait().unwrap().is_none(), "the deployment is still under way");
    lines.find(|line| line.contains("CREATE_COMPLETE") && line.contains("-network")).expect("and of the end");
    assert!(tool.wait().unwrap().success());
}

/// A network that is not within its VPC, which EC2 refuses.
const WRONG: &str = "  Wrong:\n    Type: AWS::EC2::Subnet\n    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.99.0.0/24 }\nOutputs:\n";

#[test]
fn a_failed_creation_is_rolled_back_says_what_it_began_with_and_wants_to_be_deleted_first() {
    let qa = Infra::new("test-failure");
    qa.edit("network", "Outputs:\n", WRONG);
    let said = qa.fails(&FIRST);
    in_order(&said.out, &["  CREATE_FAILED                Wrong: The CIDR '10.99.0.0/24' is invalid.\n"]);
    assert_eq!(
        said.error,
        "faxdroid: faxdroid-qa-network is ROLLBACK_COMPLETE. It began with: CREATE_FAILED                Wrong: The \
         CIDR '10.99.0.0/24' is invalid.. What it had created is gone again: mend that, delete the stack with destroy, \
         deploy again\n"
    );
    assert!(!said.out.contains("faxdroid-qa-data"), "later stacks are left alone");

    qa.edit("network", WRONG, "Outputs:\n");
    let said = qa.fails(&FIRST);
    in_order(
        &said.error,
        &["its creation failed and was rolled back: delete it with destroy, then deploy again"],
    );
    let name = format!("faxdroid-{}-network", qa.environment);
    qa.succeeds(&["destroy", "network", "--confirm", &name]);
    qa.succeeds(&FIRST);
}

#[test]
fn a_failed_update_is_taken_back_and_the_stack_still_works() {
    let qa = Infra::new("test-rollback");
    qa.succeeds(&FIRST);
    let before = qa.succeeds(&["status"]);
    qa.edit("network", "Outputs:\n", WRONG);
    let said = qa.fails(&["deploy", "network"]);
    in_order(
        &said.out,
        &["CREATE_FAILED                Wrong", "UPDATE_ROLLBACK_COMPLETE     faxdroid-qa-network\n"],
    );
    in_order(
        &said.error,
        &["faxdroid-qa-network is UPDATE_ROLLBACK_COMPLETE.", "The stack is as it was before"],
    );
    let after = qa.succeeds(&["status"]);
    assert_eq!(
        after.replace("UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE"),
        before,
        "outputs are the old ones"
    );

    qa.edit("network", WRONG, "  Right: { Type: AWS::SQS::Queue }\nOutputs:\n");
    in_order(&qa.succeeds(&["deploy", "network"]), &["UPDATE_COMPLETE              faxdroid-qa-network\n"]);
}

#[test]
fn a_protected_stack_loses_nothing_without_being_told_so() {
    let qa = Infra::new("test-protected");
    qa.succeeds(&FIRST);
    qa.edit("data", "-retries", "-more-retries");
    let said = qa.fails(&["deploy"]);
    in_order(&said.out, &["  ! REPLACE  Queue (AWS::SQS::Queue): QueueName\n"]);
    in_order(&said.error, &["faxdroid-qa-data was not changed: it is protected", "--allow-replacement"]);
    in_order(&qa.succeeds(&["status"]), &["faxdroid-qa-data (us-east-2): CREATE_COMPLETE\n"]);
    let said = qa.succeeds(&["deploy", "data", "--allow-replacement"]);
    in_order(&said, &["  UPDATE_COMPLETE              faxdroid-qa-data\n"]);
}

#[test]
fn destroying_wants_the_full_name_and_refuses_what_is_protected() {
    let qa = Infra::new("test-destroy");
    qa.succeeds(&FIRST);
    let said = qa.fails(&["destroy", "edge", "--confirm", "edge"]);
    assert_eq!(said.error, "faxdroid: nothing was deleted: --confirm must say faxdroid-qa-edge\n");

    let name = |layer: &str| format!("faxdroid-{}-{layer}", qa.environment);
    let said = qa.fails(&["destroy", "data", "--confirm", &name("data")]);
    in_order(&said.error, &["nothing was deleted: faxdroid-qa-data is protected"]);

    let said = qa.succeeds(&["destroy", "edge", "--confirm", &name("edge")]);
    in_order(&said, &["  DELETE_COMPLETE              faxdroid-qa-edge\n"]);
    in_order(
        &qa.succeeds(&["status"]),
        &["faxdroid-qa-data (us-east-2): CREATE_COMPLETE\n", "faxdroid-qa-edge (us-east-1): not there\n"],
    );
    let said = qa.fails(&["destroy", "edge", "--confirm", &name("edge")]);
    assert_eq!(said.error, "faxdroid: there is no stack faxdroid-qa-edge\n");
}

#[test]
fn a_deployment_whose_check_fails_is_rolled_back_and_one_whose_check_succeeds_stays() {
    let qa = Infra::new("test-check");
    qa.edit("data", "Outputs:\n", "Outputs:\n  Release: { Value: !Ref Release }\n");
    qa.succeeds(&["deploy", "--set", "Release=1", "--check", "true"]);
    qa.edit("data", "Outputs:\n", "  Refunds: { Type: AWS::SQS::Queue }\nOutputs:\n");

    let said = qa.fails(&["deploy", "--set", "Release=2", "--check", "echo nobody answers; exit 7"]);
    in_order(
        &said.out,
        &[
            "faxdroid-qa-data: changing\n",
            "checking: echo nobody answers; exit 7\nnobody answers\n",
            "faxdroid-qa-data: rolling back\n  - REMOVE   Refunds (AWS::SQS::Queue)\n",
            "  UPDATE_COMPLETE              faxdroid-qa-data\n",
        ],
    );
    in_order(&said.error, &["failed (exit status: 7): what was changed is as it was before\n"]);
    in_order(&qa.succeeds(&["status"]), &["  Release = 1\n"]);

    qa.succeeds(&["deploy", "--set", "Release=2", "--check", "true"]);
    in_order(&qa.succeeds(&["status"]), &["  Release = 2\n"]);
}
