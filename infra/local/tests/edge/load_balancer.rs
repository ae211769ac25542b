use std::collections::BTreeMap;

use faxdroid_local::load_balancer::{Placed, haproxy};

use crate::support::stacks;

fn secrets() -> BTreeMap<String, String> {
    let of = |word: &str| {
        let reference =
            format!("{{{{resolve:secretsmanager:<data.OriginSecret{word}>:SecretString:value}}}}");
        (reference, format!("the {word} secret"))
    };
    [of("Odd"), of("Even")].into()
}

fn placed() -> [Placed; 2] {
    let at = |listener: &str, port: u16| Placed {
        listener: listener.to_owned(),
        at: ([127, 0, 0, 1], port).into(),
        targets: vec![([127, 0, 0, 1], port + 1).into(), ([127, 0, 0, 1], port + 2).into()],
    };
    [at("services.PublicListener", 4000), at("services.PrivateListener", 5000)]
}

#[test]
fn both_load_balancers_are_played_as_the_template_says() {
    let text = haproxy(&stacks(), &placed(), &secrets()).unwrap();
    for line in [
        "  bind 127.0.0.1:4000",
        "  acl rule0_0 path_beg /api/",
        "  acl rule0_1 req.hdr(x-faxdroid-origin) -m str \"the Odd secret\"",
        "  acl rule0_1 req.hdr(x-faxdroid-origin) -m str \"the Even secret\"",
        "  use_backend faxdroid-qa-api if rule0_0 rule0_1",
        "  http-request return status 403 content-type text/plain string \"Forbidden\"",
        "  balance leastconn",
        "  option httpchk GET /api/v1/health",
        "  server server1 127.0.0.1:4002 check inter 10s rise 2 fall 3",
        "  acl rule0_0 path_beg /internal/v1/",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let refusal = |placed: &[Placed], secrets: &BTreeMap<String, String>| {
        haproxy(&stacks(), placed, secrets).unwrap_err().to_string()
    };
    assert!(refusal(&placed()[..1], &secrets()).contains("services.PrivateListener"));
    assert!(refusal(&placed(), &BTreeMap::new()).contains("nothing says what"));
    let mut stacks = stacks();
    let services = stacks.iter_mut().find(|stack| stack.name == "services").unwrap();
    services.resources.get_mut("PublicTargets").unwrap().properties["TargetControlPort"] =
        serde_json::json!(1);
    assert!(haproxy(&stacks, &placed(), &secrets()).unwrap_err().to_string().contains("TargetControlPort"));
}
