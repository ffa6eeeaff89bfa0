/** Admission of calls: decided when their headers arrive, and followed to their end. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Code } from '@connectrpc/connect'
import type { HeaderReader } from '../../wire/call-observer.ts'
import type { ErrorLog } from '../interceptors/call-outcome.ts'
import type { Peer } from './context-keys.ts'

/** Decides on calls before anything else is spent on them, and follows those that it admits. Errors that it throws are logged. */
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
  /** Called once, when the response is over and the handler has returned. */
  end(end: AdmissionEnd): void
}

/** The end of an admitted call. */
export interface AdmissionEnd {
  /** Undefined for success. */
  readonly code: Code | undefined
  /** From the headers of the request until now. */
  readonly durationMs: number
}

/**
 * Asks a control, whose code is not ours.
 *
 * @throws what it throws; a TypeError for a control that is async, or returns something else than it should
 */
export function askAdmission(control: AdmissionControl, call: AdmissionRequest): Admission | null {
  const admission: unknown = control.admit(call) ?? null
  if (admission === null || isAdmission(admission)) return admission
  // Its rejection would end the process.
  if (admission instanceof Promise) admission.catch(() => {})
  throw new TypeError('an admission control must return null or { end }, and not be async')
}

function isAdmission(value: unknown): value is Admission {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Admission>).end === 'function'
}

/** Ends an admission. What it throws is logged. */
export function endAdmission(admission: Admission, end: AdmissionEnd, log: ErrorLog | undefined): void {
  try {
    admission.end(end)
  } catch (error) {
    log?.error({ err: error }, 'admission control failed')
  }
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
      const admission = askAdmission(control, call)
      if (admission !== null) admitted.push(admission)
    }
  } catch (refusal) {
    const durationMs = performance.now() - call.startedAtMs
    endAll(admitted, { code: (refusal as { readonly code?: Code }).code, durationMs })
    throw refusal
  }
  return admitted.length === 0 ? null : { end: (end) => endAll(admitted, end) }
}

/** Ends each, and throws the first error after that. */
function endAll([first, ...rest]: readonly Admission[], end: AdmissionEnd): void {
  try {
    first?.end(end)
  } finally {
    if (rest.length > 0) endAll(rest, end)
  }
}
