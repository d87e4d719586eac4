//! A headless Chromium, driven by WebDriver (W3C).

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use ureq::Agent;

/// A browser with one tab, and the program that drives it.
pub(crate) struct Browser {
    driver: Child,
    agent: Agent,
    session: String,
}

/// The name that WebDriver has for an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Browser {
    pub(crate) fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver, of Debian's chromium-driver: `cargo xtask test --install` installs it");
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = said.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        std::thread::spawn(move || said.for_each(drop));
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut browser = Self {
            driver,
            agent,
            session: format!("http://127.0.0.1:{}/session", port.unwrap()),
        };
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--window-size=1280,1600",
            ]},
        }}});
        let started = browser.post("", &wanted);
        let id = started["sessionId"].as_str().expect("a session").to_owned();
        browser.session = format!("{}/{id}", browser.session);
        // axe takes long on a busy machine.
        browser.post("/timeouts", &json!({ "script": 300_000 }));
        browser
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let mut answer = self.agent.post(&url).send_json(body).unwrap();
        let answer: Value = answer
            .body_mut()
            .with_config()
            .limit(1 << 28)
            .read_json()
            .unwrap();
        let value = answer["value"].clone();
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }

    pub(crate) fn open(&self, path: &std::path::Path) {
        let url = format!("file://{}", path.display());
        self.post("/url", &json!({ "url": url }));
    }

    /// The result of a function with this body.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Types into the element of a selector, as a person does.
    #[track_caller]
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let found = self.post(
            "/element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let id = found[ELEMENT].as_str().unwrap();
        self.post(&format!("/element/{id}/value"), &json!({ "text": text }));
    }

    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let found = self.post(
            "/element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let id = found[ELEMENT].as_str().unwrap();
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// The console messages since the last call.
    pub(crate) fn console(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().unwrap().iter();
        entries.map(|entry| entry["message"].to_string()).collect()
    }

    /// As a page is seen with a medium or a preference.
    pub(crate) fn emulate(&self, emulated: &Value) {
        let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": emulated });
        self.post("/goog/cdp/execute", &command);
    }

    /// Sets the size of the window, in CSS pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let command = json!({
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": { "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false },
        });
        self.post("/goog/cdp/execute", &command);
    }

    /// The page on paper, in base64.
    pub(crate) fn pdf(&self) -> String {
        let command = json!({ "cmd": "Page.printToPDF", "params": { "preferCSSPageSize": true } });
        let printed = self.post("/goog/cdp/execute", &command);
        printed["data"].as_str().unwrap().to_owned()
    }

    /// A picture of the whole page, in base64.
    pub(crate) fn picture(&self) -> String {
        let command = json!({
            "cmd": "Page.captureScreenshot",
            "params": { "captureBeyondViewport": true },
        });
        let taken = self.post("/goog/cdp/execute", &command);
        taken["data"].as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
