//! Synchronous calls of etcd: each goes to one endpoint, and to the next if that one does not answer.

use std::future::Future;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use certbind_core::{Result, StoreError};
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tonic::{Code, Status};

use crate::endpoints::Endpoints;
use crate::errors;
use crate::events;
use crate::retry::Retry;
use crate::rpc::Method;
use crate::settings::Settings;

/// The connections to a cluster, and the runtime that drives them.
pub(crate) struct Client {
    endpoints: Arc<Endpoints>,
    handle: Handle,
    /// The runtime, unless the caller handed in a handle of its own. Only `drop` takes it.
    runtime: Option<Runtime>,
    retry_timeout: Duration,
    pub(crate) max_txn_ops: usize,
}

/// The reason why a call has no answer.
#[derive(Debug)]
pub(crate) enum CallError {
    /// Whether the request was executed is unknown. Another endpoint may have the answer.
    Unknown(Status),
    /// It was not executed, and a retry would not help.
    Rejected(Status),
    /// Whether the request was executed is unknown, and no further endpoint can be tried.
    Stopped(Status),
}

impl CallError {
    pub(crate) fn of(status: Status) -> Self {
        let busy = status.message().contains("too many requests");
        match status.code() {
            // A connection that breaks is reported by any of these codes.
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Unknown
            | Code::Internal => Self::Unknown(status),
            Code::ResourceExhausted if busy => Self::Unknown(status),
            _ => Self::Rejected(status),
        }
    }

    pub(crate) fn status(&self) -> &Status {
        match self {
            Self::Unknown(status) | Self::Rejected(status) | Self::Stopped(status) => status,
        }
    }
}

impl Client {
    /// Connects when it is first used.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let (handle, runtime) = match &settings.runtime {
            Some(handle) if handle.runtime_flavor() == RuntimeFlavor::CurrentThread => {
                return Err(errors::invalid(
                    "the connections to etcd need a multi-thread tokio runtime: a call from a \
                     current-thread runtime would wait for itself; leave out the runtime, and the \
                     store starts a thread of its own",
                ));
            }
            Some(handle) => (handle.clone(), None),
            None => {
                let runtime = own_runtime()?;
                (runtime.handle().clone(), Some(runtime))
            }
        };
        let entered = handle.enter();
        let endpoints = Arc::new(Endpoints::new(settings)?);
        drop(entered);
        events::open(&endpoints.names(), settings);
        Ok(Self {
            endpoints,
            handle,
            runtime,
            retry_timeout: settings.retry_timeout,
            max_txn_ops: settings.max_txn_ops.get(),
        })
    }

    /// Calls the current endpoint, once. If it does not answer, the next one becomes current.
    pub(crate) fn once<M: Method>(&self, request: &M) -> Result<M::Answer, CallError> {
        let (endpoints, request) = (Arc::clone(&self.endpoints), request.clone());
        let index = endpoints.current();
        let call = async move { endpoints.call(index, request).await };
        let answer = self.wait(call)?;
        answer.map_err(|status| {
            let error = CallError::of(status);
            if let CallError::Unknown(status) = &error {
                events::no_answer(self.endpoints.name(index), M::PATH, status);
                self.endpoints.leave(index);
            }
            error
        })
    }

    /// Calls endpoints until one answers. For requests that change nothing.
    pub(crate) fn read<M: Method>(&self, request: &M) -> Result<M::Answer, CallError> {
        let mut retry = self.retry();
        loop {
            match self.once(request) {
                Err(CallError::Unknown(_)) if retry.again() => {}
                answer => return answer,
            }
        }
    }

    /// The retries of an operation that starts now.
    pub(crate) fn retry(&self) -> Retry {
        Retry::new(self.retry_timeout, self.endpoints.count())
    }

    pub(crate) fn endpoints(&self) -> &Arc<Endpoints> {
        &self.endpoints
    }

    /// The endpoints, for messages.
    pub(crate) fn name(&self) -> String {
        self.endpoints.names()
    }

    /// Waits for a future that runs on the runtime. Unlike `Runtime::block_on` it may be called from
    /// a thread that itself runs asynchronous code.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CallError> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // The receiver is gone only if the waiting thread panicked.
            let _ = answer.send(future.await);
        });
        self.block(|| {
            let received = answered.recv();
            received.map_err(|_| CallError::Stopped(errors::runtime_stopped()))
        })
    }

    /// Runs a closure that blocks. On a worker of the runtime that drives the connections: the runtime
    /// moves its other tasks to another worker in the meantime, so that the answer can arrive.
    pub(crate) fn block<T>(&self, blocking: impl FnOnce() -> T) -> T {
        match Handle::try_current() {
            Ok(current) if self.runtime.is_none() && current.id() == self.handle.id() => {
                tokio::task::block_in_place(blocking)
            }
            _ => blocking(),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for it is not allowed if asynchronous code drops the store.
            runtime.shutdown_background();
        }
    }
}

fn own_runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("etcd")
        .enable_all()
        .build()
        .map_err(|source| StoreError::Io {
            action: "start a thread for etcd".into(),
            path: None,
            source,
        })
}
