//! The functions of servers, as far as they have a result before the first request: sessions, URL groups,
//! request queues, and the URLs that are registered.
//!
//! Their answers are documented by Microsoft (`http.h`), or were seen on Windows by the authors of
//! Wine's tests (`dlls/httpapi/tests/httpapi.c`). `docs/simulator.md` gives the source of each
//! answer.

mod access;
mod process_id;
mod registrations;
mod state;

use std::sync::{MutexGuard, PoisonError};

use certbind_httpapi_abi::service::UrlPrefix;
use certbind_httpapi_abi::win32::{self, ToWin32};
use windows_sys::Win32::Foundation::{
    ERROR_DLL_INIT_FAILED, ERROR_INVALID_HANDLE, ERROR_REVISION_MISMATCH,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_CREATE_REQUEST_QUEUE_FLAG_CONTROLLER, HTTP_CREATE_REQUEST_QUEUE_FLAG_DELEGATION,
    HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING, HTTP_FEATURE_ID, HTTP_INITIALIZE_SERVER,
    HTTP_SERVER_PROPERTY, HTTPAPI_VERSION, HttpFeatureHttp3, HttpFeatureResponseTrailers,
    HttpServerAuthenticationProperty, HttpServerBindingProperty, HttpServerChannelBindProperty,
    HttpServerExtendedAuthenticationProperty, HttpServerLoggingProperty, HttpServerQosProperty,
    HttpServerStateProperty, HttpServerTimeoutsProperty,
};

use crate::profile::Profile;
use crate::simulator::{Privilege, Simulator};
pub use registrations::Registration;
use registrations::{Kind, Owned};
pub(crate) use state::Servers;
use state::{Group, Queue};

/// The longest name of a request queue, in bytes: `MAX_PATH`.
const MAX_QUEUE_NAME: usize = 260;

/// Functions of servers. Each answers the Win32 code of the function of its name, whose arguments it takes
/// without the pointers. A session, a group and a queue belong to the process.
impl Simulator {
    /// `HttpCreateServerSession`: the id of the session.
    ///
    /// # Errors
    /// The Win32 code.
    pub fn create_server_session(&self, version: HTTPAPI_VERSION) -> Result<u64, u32> {
        self.server_is_initialized()?;
        // Versions 1.0 and 2.0 alone are accepted (Wine's tests), contrary to the documentation of
        // 1.0.
        if !matches!(version.HttpApiMajorVersion, 1 | 2) || version.HttpApiMinorVersion != 0 {
            return Err(ERROR_REVISION_MISMATCH);
        }
        Ok(self.servers().add_session())
    }

    /// `HttpCloseServerSession`, which closes the session's groups.
    ///
    /// # Errors
    /// The Win32 code.
    pub fn close_server_session(&self, session: u64) -> Result<(), u32> {
        let mut servers = self.servers();
        if !servers.sessions.remove(&session) {
            return Err(win32::INVALID_PARAMETER);
        }
        let of_session = |group: &Group| group.session == session;
        let closed: Vec<u64> = servers
            .groups
            .iter()
            .filter(|(_, group)| of_session(group))
            .map(|(id, _)| *id)
            .collect();
        let closed = closed.iter().filter_map(|id| servers.groups.remove(id));
        let owned = closed.flat_map(|group| group.urls);
        self.end(owned.collect())
    }

    /// `HttpCreateUrlGroup`: the id of the group.
    ///
    /// # Errors
    /// The Win32 code.
    pub fn create_url_group(&self, session: u64) -> Result<u64, u32> {
        self.servers()
            .add_group(session)
            .ok_or(win32::INVALID_PARAMETER)
    }

    /// `HttpCloseUrlGroup`, which removes its URLs.
    ///
    /// # Errors
    /// The Win32 code.
    pub fn close_url_group(&self, group: u64) -> Result<(), u32> {
        let closed = self.servers().groups.remove(&group);
        self.end(closed.ok_or(win32::INVALID_PARAMETER)?.urls)
    }

    /// `HttpAddUrlToUrlGroup`.
    ///
    /// # Errors
    /// The Win32 code: 87 for an invalid group or URL, 5 for a URL that others have reserved or
    /// that has no reservation, 183 for one that is registered.
    pub fn add_url_to_group(&self, group: u64, url: &str) -> Result<(), u32> {
        let mut servers = self.servers();
        let group = servers.groups.get_mut(&group);
        let urls = &mut group.ok_or(win32::INVALID_PARAMETER)?.urls;
        urls.push(self.register(url)?);
        Ok(())
    }

    /// `HttpRemoveUrlFromUrlGroup`: of one URL, or of all.
    ///
    /// # Errors
    /// The Win32 code: 87 for an invalid group or URL, 2 for a URL that is not the group's.
    pub fn remove_url_from_group(&self, group: u64, url: Option<&str>) -> Result<(), u32> {
        let mut servers = self.servers();
        let group = servers.groups.get_mut(&group);
        let urls = &mut group.ok_or(win32::INVALID_PARAMETER)?.urls;
        match url {
            Some(url) => self.remove(urls, url),
            None => self.end(std::mem::take(urls)),
        }
    }

    /// `HttpSetUrlGroupProperty`. A property other than the queue of the group has no effect
    /// without requests.
    ///
    /// # Errors
    /// The Win32 code: 87 for an invalid group, and for a property that groups do not have.
    pub fn set_url_group_property(&self, group: u64, property: GroupProperty) -> Result<(), u32> {
        let mut servers = self.servers();
        let is_queue = match property {
            GroupProperty::Queue(Some(handle)) => servers
                .queues
                .get(&handle)
                .is_some_and(|queue| !queue.is_version_1),
            GroupProperty::Queue(None) | GroupProperty::Other(_) => true,
        };
        let group = servers.groups.get_mut(&group);
        let group = group.ok_or(win32::INVALID_PARAMETER)?;
        match property {
            // Queues of version 1 do not go with groups ("only compatible with the version 2.0 request queues").
            GroupProperty::Queue(_) if !is_queue => Err(win32::INVALID_PARAMETER),
            GroupProperty::Queue(queue) => {
                group.queue = queue;
                Ok(())
            }
            GroupProperty::Other(property) => match has_property(property) {
                true => Ok(()),
                false => Err(win32::INVALID_PARAMETER),
            },
        }
    }

    /// `HttpCreateRequestQueue`: `handle` becomes that of the queue.
    ///
    /// # Errors
    /// The Win32 code: 1306 for a version other than 2.0, 87 for invalid flags or an invalid name,
    /// 183 for the name of an existing queue, 2 if the queue to open does not exist.
    pub fn create_request_queue(
        &self,
        version: HTTPAPI_VERSION,
        name: Option<&str>,
        flags: u32,
        handle: usize,
    ) -> Result<(), u32> {
        const KNOWN: u32 = HTTP_CREATE_REQUEST_QUEUE_FLAG_CONTROLLER
            | HTTP_CREATE_REQUEST_QUEUE_FLAG_DELEGATION
            | HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING;
        self.server_is_initialized()?;
        if (version.HttpApiMajorVersion, version.HttpApiMinorVersion) != (2, 0) {
            return Err(ERROR_REVISION_MISMATCH);
        }
        let name = name.filter(|name| !name.is_empty());
        let is_long = name.is_some_and(|name| name.encode_utf16().count() * 2 > MAX_QUEUE_NAME);
        let opens = flags & HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING != 0;
        let controls = flags & HTTP_CREATE_REQUEST_QUEUE_FLAG_CONTROLLER != 0;
        if is_long || flags & !KNOWN != 0 || opens && (controls || name.is_none()) {
            return Err(win32::INVALID_PARAMETER);
        }
        let registrations = self.service();
        let name = match (name, opens) {
            (None, _) => None,
            (Some(name), false) => Some(self.add(Kind::Queue, name, name)?),
            (Some(name), true) => {
                let is_there = registrations.is_registered(Kind::Queue, name);
                match is_there.map_err(|error| error.win32_code())? {
                    true => None,
                    false => return Err(win32::FILE_NOT_FOUND),
                }
            }
        };
        self.put_queue(
            handle,
            Queue {
                name,
                ..Queue::default()
            },
        )
    }

    /// `HttpCreateHttpHandle`: `handle` becomes that of the queue.
    ///
    /// # Errors
    /// The Win32 code: 1114 before `HttpInitialize` for servers.
    pub fn create_http_handle(&self, handle: usize) -> Result<(), u32> {
        self.server_is_initialized()?;
        let queue = Queue {
            is_version_1: true,
            ..Queue::default()
        };
        self.put_queue(handle, queue)
    }

    /// `HttpCloseRequestQueue`. Groups that have this queue have none from then on.
    ///
    /// # Errors
    /// The Win32 code: 87 for a handle that is not that of a queue of this process.
    pub fn close_request_queue(&self, handle: usize) -> Result<(), u32> {
        let mut servers = self.servers();
        let closed = servers.queues.remove(&handle);
        let closed = closed.ok_or(win32::INVALID_PARAMETER)?;
        for group in servers.groups.values_mut() {
            group.queue = group.queue.filter(|queue| *queue != handle);
        }
        self.end(closed.owned())
    }

    /// Closes the queues whose handles are no longer open: programs of version 1 close them by `CloseHandle`, which
    /// is not a function of the API.
    ///
    /// # Errors
    /// The Win32 code, if the store fails.
    pub fn close_abandoned_queues(&self, is_open: impl Fn(usize) -> bool) -> Result<(), u32> {
        let handles: Vec<_> = self.servers().queues.keys().copied().collect();
        let abandoned = handles.into_iter().filter(|handle| !is_open(*handle));
        abandoned
            .into_iter()
            .try_for_each(|handle| self.close_request_queue(handle))
    }

    /// `HttpShutdownRequestQueue`: nothing is received before it either.
    ///
    /// # Errors
    /// The Win32 code: 87 for a handle that is not that of a queue of this process.
    pub fn shutdown_request_queue(&self, handle: usize) -> Result<(), u32> {
        match self.servers().queues.contains_key(&handle) {
            true => Ok(()),
            false => Err(win32::INVALID_PARAMETER),
        }
    }

    /// `HttpAddUrl`, of version 1.
    ///
    /// # Errors
    /// As [`add_url_to_group`](Self::add_url_to_group); 6 for an invalid handle.
    pub fn add_url(&self, handle: usize, url: &str) -> Result<(), u32> {
        self.server_is_initialized()?;
        let mut servers = self.servers();
        let queue = servers.queues.get_mut(&handle);
        let urls = &mut queue.ok_or(ERROR_INVALID_HANDLE)?.urls;
        urls.push(self.register(url)?);
        Ok(())
    }

    /// `HttpRemoveUrl`, of version 1.
    ///
    /// # Errors
    /// The Win32 code: 87 for an invalid handle or URL, 2 for a URL that is not the queue's.
    pub fn remove_url(&self, handle: usize, url: &str) -> Result<(), u32> {
        let mut servers = self.servers();
        let queue = servers.queues.get_mut(&handle);
        // Not 6, as from `HttpAddUrl` (Wine's tests).
        let urls = &mut queue.ok_or(win32::INVALID_PARAMETER)?.urls;
        self.remove(urls, url)
    }

    /// `HttpIsFeatureSupported`. The function and the first four features were introduced with
    /// build 20348, Windows Server 2022 (`HTTP_FEATURE_ID` in Microsoft's documentation); of later
    /// ones it is not known which release has them.
    #[must_use]
    pub fn is_feature_supported(&self, feature: HTTP_FEATURE_ID) -> bool {
        let known = HttpFeatureResponseTrailers..=HttpFeatureHttp3;
        self.version() >= Profile::Server2022 && known.contains(&feature)
    }

    /// `HttpPrepareUrl`: the URL as it can be registered, with its host in lower case and a slash
    /// at its end. Other changes that Windows may make to a URL are not documented.
    ///
    /// # Errors
    /// The Win32 code: 87 for an invalid URL, 120 before Windows 8.
    pub fn prepare_url(&self, url: &str) -> Result<String, u32> {
        if self.version() < Profile::Windows8 {
            return Err(win32::CALL_NOT_IMPLEMENTED);
        }
        let prefix = prefix(url)?;
        // The path keeps its case: it is the same from the third slash on.
        let path = |url: &str| {
            url.match_indices('/')
                .nth(2)
                .map_or(url.len(), |(at, _)| at)
        };
        let (spelling, canonical) = (prefix.as_str(), prefix.canonical());
        Ok(format!(
            "{}{}",
            &canonical[..path(canonical)],
            &spelling[path(spelling)..]
        ))
    }

    /// Registers a URL for this process.
    fn register(&self, url: &str) -> Result<Owned, u32> {
        let url = prefix(url)?;
        let reserved = self.service().url_reservations();
        let reserved = reserved.map_err(|error| error.win32_code())?;
        let is_administrator = self.privilege == Privilege::Administrator;
        if !access::may_register(&url, &reserved, &self.accounts, is_administrator) {
            return Err(win32::ACCESS_DENIED);
        }
        self.add(Kind::Url, url.canonical(), url.as_str())
    }

    fn add(&self, kind: Kind, canonical: &str, spelling: &str) -> Result<Owned, u32> {
        let added = self.service().register(kind, canonical, spelling);
        let added = added.map_err(|error| error.win32_code())?;
        added.ok_or(win32::ALREADY_EXISTS)
    }

    fn remove(&self, urls: &mut Vec<Owned>, url: &str) -> Result<(), u32> {
        let url = prefix(url)?;
        let at = urls.iter().position(|owned| owned.name == url.canonical());
        let removed = urls.remove(at.ok_or(win32::FILE_NOT_FOUND)?);
        self.end(vec![removed])
    }

    fn end(&self, owned: Vec<Owned>) -> Result<(), u32> {
        self.service()
            .end_registrations(&owned)
            .map_err(|error| error.win32_code())
    }

    /// A handle that the process has closed by other means may be assigned again.
    fn put_queue(&self, handle: usize, queue: Queue) -> Result<(), u32> {
        let replaced = self.servers().queues.insert(handle, queue);
        self.end(replaced.map(Queue::owned).unwrap_or_default())
    }

    fn server_is_initialized(&self) -> Result<(), u32> {
        let counts = self.initialized.lock();
        let counts = counts.unwrap_or_else(PoisonError::into_inner);
        let mut slots = (0..).zip(*counts);
        // A slot is a combination of flags.
        match slots
            .any(|(flags, count): (u32, u32)| count > 0 && flags & HTTP_INITIALIZE_SERVER != 0)
        {
            true => Ok(()),
            false => Err(ERROR_DLL_INIT_FAILED),
        }
    }

    fn servers(&self) -> MutexGuard<'_, Servers> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A property of a URL group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupProperty {
    /// `HttpServerBindingProperty`: the handle of the queue that gets its requests, if any.
    Queue(Option<usize>),
    /// Any other.
    Other(HTTP_SERVER_PROPERTY),
}

/// Whether URL groups have a property (`HttpSetUrlGroupProperty` in Microsoft's documentation).
fn has_property(property: HTTP_SERVER_PROPERTY) -> bool {
    [
        HttpServerAuthenticationProperty,
        HttpServerLoggingProperty,
        HttpServerQosProperty,
        HttpServerTimeoutsProperty,
        HttpServerStateProperty,
        HttpServerBindingProperty,
        HttpServerExtendedAuthenticationProperty,
        HttpServerChannelBindProperty,
    ]
    .contains(&property)
}

fn prefix(url: &str) -> Result<UrlPrefix, u32> {
    url.parse().map_err(|_| win32::INVALID_PARAMETER)
}
