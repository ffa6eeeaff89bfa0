/** The start of the page: what it loads from its server, and with which credentials. */
import { batch, signal } from '@preact/signals'
import { loadApi } from '../api/api.ts'
import { Alarm } from './alarm.ts'
import type { CredentialFields } from './credential-fields.ts'
import { credentialFault, credentialHeaders, dropCredentials, takeCredentials } from './credentials.ts'
import { api, facts } from './facts.ts'
import { type DescriptorAnswer, fetchDescriptors, fetchFacts, UnreachableError } from './fetch-session.ts'
import { retryDelayMs } from './retry-delay.ts'

/** How far the page is. */
export type SessionState =
  | { readonly kind: 'starting' }
  /** The page asks again at `retryAtMs`, by `Date.now()`. */
  | { readonly kind: 'unreachable'; readonly retryAtMs: number }
  /** The server shows its descriptors only to some callers. */
  | { readonly kind: 'sign-in' }
  /** What the server answers cannot be read. */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'ready' }

/** How far the page is. */
export const sessionState = signal<SessionState>({ kind: 'starting' })

/** Whether the server is there. */
export const connection = signal<'connecting' | 'connected' | 'lost'>('connecting')

/** Whether the server has other descriptors by now, as after a deployment. */
export const hasNewApi = signal(false)

const alarm = new Alarm()
let etag: string | null = null
let current = new AbortController()

/**
 * Loads facts and descriptors, with waits that grow while the server is away. An earlier start ends, as it may have had other credentials.
 * Returns false if a later start has ended this one.
 */
export async function startSession(): Promise<boolean> {
  current.abort()
  alarm.ring()
  current = new AbortController()
  const { signal } = current
  for (let failures = 0; !(await hasStarted(signal)); failures += 1) await waitAway(failures)
  return !signal.aborted
}

/** Ends a wait. */
export function retryNow(): void {
  alarm.ring()
}

/**
 * Takes credentials, loads what the server shows with them, and returns whether it does. Where it refuses them, `credentialFault` says why,
 * and an API that is there stays, with what the user has typed in its views.
 *
 * @throws Error if a part of them cannot be sent
 */
export async function signIn(fields: CredentialFields): Promise<boolean> {
  takeCredentials(fields)
  return (await startSession()) && credentialFault.peek() === null
}

/** Forgets the credentials and what they gave access to, and loads what the server shows without. */
export async function signOut(): Promise<boolean> {
  batch(() => {
    dropCredentials()
    if (facts.peek()?.needsCredentials !== true) return
    api.value = null
    sessionState.value = { kind: 'starting' }
  })
  return startSession()
}

/** Looks whether the server has other descriptors than those of the page, as when it does not know a method. */
export async function checkForNewApi(): Promise<void> {
  const path = facts.peek()?.descriptorsPath
  // A server may lock callers out that repeat what it has refused.
  if (path === undefined || etag === null || hasNewApi.peek() || credentialFault.peek() !== null) return
  const { signal } = current
  try {
    const answer = await fetchDescriptors(path, credentialHeaders.peek(), signal)
    if (signal.aborted) return
    if (answer.kind === 'refused') credentialFault.value = faultOf(answer.httpStatus)
    else if (answer.etag !== null) hasNewApi.value = answer.etag !== etag
  } catch {
    // The next look tells.
  }
}

/** Returns whether the start has come to an end, be it that the user has to do something. */
async function hasStarted(signal: AbortSignal): Promise<boolean> {
  try {
    const received = await fetchFacts(signal)
    if (signal.aborted) return true
    batch(() => {
      facts.value = received
      connection.value = 'connected'
    })
    const answer = await fetchDescriptors(received.descriptorsPath, credentialHeaders.peek(), signal)
    if (!signal.aborted) take(answer)
    return true
  } catch (error) {
    if (signal.aborted) return true
    if (error instanceof UnreachableError) return false
    sessionState.value = { kind: 'broken', reason: error instanceof Error ? error.message : String(error) }
    return true
  }
}

function take(answer: DescriptorAnswer): void {
  if (answer.kind === 'refused') {
    refuse(answer.httpStatus)
    return
  }
  const known = api.peek()
  // Views keep what was typed as long as the API is the same object.
  const isSame = known !== null && answer.etag !== null && answer.etag === etag
  const loaded = isSame ? known : loadApi(answer.octets)
  batch(() => {
    etag = answer.etag
    credentialFault.value = null
    hasNewApi.value = false
    api.value = loaded
    sessionState.value = { kind: 'ready' }
  })
}

function refuse(httpStatus: keyof typeof REFUSALS): void {
  const fault = faultOf(httpStatus)
  batch(() => {
    credentialFault.value = fault
    if (fault === null) api.value = null
    sessionState.value = { kind: api.peek() === null ? 'sign-in' : 'ready' }
  })
}

/** Nothing was wrong with credentials if there were none. */
function faultOf(httpStatus: keyof typeof REFUSALS): string | null {
  return credentialHeaders.peek().length === 0 ? null : REFUSALS[httpStatus]
}

const REFUSALS = {
  401: 'The server does not accept these credentials.',
  403: 'The server knows these credentials, but they do not give access to its API.',
} as const

async function waitAway(failures: number): Promise<void> {
  const delayMs = retryDelayMs(failures)
  batch(() => {
    connection.value = 'lost'
    if (sessionState.peek().kind !== 'ready') {
      sessionState.value = { kind: 'unreachable', retryAtMs: Date.now() + delayMs }
    }
  })
  await alarm.wait(delayMs)
}
