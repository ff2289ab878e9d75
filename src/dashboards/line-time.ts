/** The field that is a line's time, under the names that Grafana's Loki data source has or had for it. */
export const LINE_TIME_FIELD = '/^(Time|timestamp)$/'
