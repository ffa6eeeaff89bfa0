/** What is counted of a call while it runs. */

/** The counts of a call. */
export interface CallCounts {
  readonly sent: number
  readonly received: number
  /** Encoded messages, without envelopes. */
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Bodies as the page hands them to the browser and receives them: with envelopes, and after the browser has decompressed them. */
  readonly requestBodyBytes: number
  readonly responseBodyBytes: number
  /** When the first response message arrived, in milliseconds since the start. */
  readonly firstMessageMs: number | null
  /** When the call ended, in milliseconds since the start. */
  readonly endMs: number | null
  /** Entries of the time line that are no longer kept. */
  readonly dropped: number
}

/** The counts of a call that has just started. */
export const NO_COUNTS: CallCounts = Object.freeze({
  sent: 0,
  received: 0,
  sentBytes: 0,
  receivedBytes: 0,
  requestBodyBytes: 0,
  responseBodyBytes: 0,
  firstMessageMs: null,
  endMs: null,
  dropped: 0,
})
