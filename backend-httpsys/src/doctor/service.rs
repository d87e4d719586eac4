//! Questions about the other service configuration that reading answers.

use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{read_service_answer, with_service_query};
use certbind_httpapi_abi::service::{ServiceAnswer, ServiceQuery};
use windows_sys::Win32::Foundation::NO_ERROR;

use super::Doctor;
use crate::listing::FAR_INDEX;
use crate::session::Answer;

impl<A: HttpApi> Doctor<A> {
    pub(super) fn service(&mut self) {
        let url = |index| match self.ask_service(&ServiceQuery::NextReservation(index)) {
            Answer::Found(ServiceAnswer::Reservation(found)) => Some(found.url.to_string()),
            _ => None,
        };
        match (url(0), url(1), url(FAR_INDEX)) {
            (None, ..) => self.not_probed(&["url_index"], "no URL is reserved"),
            (first, second, Some(_)) => {
                let answer = if first == second { "ignored" } else { "wraps" };
                self.finding("url_index", answer, "the indices of URL reservations");
            }
            _ => self.finding("url_index", "from-0", "the indices of URL reservations"),
        }
        let evidence = "a query of the IP listen list";
        match self.ask_service(&ServiceQuery::ListenList) {
            Answer::Found(ServiceAnswer::ListenList(list)) if list.is_empty() => {
                self.finding("listen_list_empty", NO_ERROR, evidence);
            }
            Answer::Code(code) => self.finding("listen_list_empty", code, evidence),
            _ => self.not_probed(&["listen_list_empty"], "the list has addresses"),
        }
    }

    fn ask_service(&self, query: &ServiceQuery) -> Answer<ServiceAnswer> {
        let ask = |buffer: &mut [u64]| {
            with_service_query(query, |request| self.session.raw_query(request, buffer))
        };
        let read = |bytes: &[u8]| read_service_answer(query.kind(), bytes);
        self.session.query(ask, read)
    }
}
