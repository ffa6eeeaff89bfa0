/** Admission of calls: decided when their headers arrive, and followed to their end. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Code } from '@connectrpc/connect'
import type { HeaderReader } from '../../wire/call-observer.ts'
import type { Peer } from './context-keys.ts'

/** Decides on calls before anything else is spent on them, and follows those that it admits. */
export interface AdmissionControl {
  /**
   * Synchronous, as it runs while the headers of a call are handled. Null: admitted, and not followed.
   *
   * @throws ConnectError that refuses the call, in the caller's protocol
   */
  admit(call: AdmissionRequest): Admission | null
}

/** A call that asks for admission. Its parts are determined on access. */
export interface AdmissionRequest {
  readonly method: DescMethod
  /** Whether either side sends a stream of messages. */
  readonly isStream: boolean
  /** The header fields of the request. */
  readonly header: HeaderReader
  readonly peer: Peer
  /** When its headers arrived, in milliseconds on the clock of `performance.now()`. */
  readonly startedAtMs: number
}

/** A call that was admitted. It may be one object that all calls share. */
export interface Admission {
  /** Called once, when the response is over and the handler has returned. Must not throw. */
  end(end: AdmissionEnd): void
}

/** The end of an admitted call. */
export interface AdmissionEnd {
  /** Undefined for success. */
  readonly code: Code | undefined
  /** From the headers of the request until now. */
  readonly durationMs: number
}

/** Returns one control for all of them; null for none. A refusal ends what earlier ones have admitted. */
export function joinAdmissions(controls: readonly AdmissionControl[]): AdmissionControl | null {
  const [only = null] = controls
  return controls.length < 2 ? only : { admit: (call) => admitByAll(controls, call) }
}

function admitByAll(controls: readonly AdmissionControl[], call: AdmissionRequest): Admission | null {
  const admitted: Admission[] = []
  try {
    for (const control of controls) {
      const admission = control.admit(call)
      if (admission !== null) admitted.push(admission)
    }
  } catch (refusal) {
    const durationMs = performance.now() - call.startedAtMs
    endAll(admitted, { code: (refusal as { readonly code?: Code }).code, durationMs })
    throw refusal
  }
  return admitted.length === 0 ? null : { end: (end) => endAll(admitted, end) }
}

function endAll(admitted: readonly Admission[], end: AdmissionEnd): void {
  for (const admission of admitted) admission.end(end)
}
