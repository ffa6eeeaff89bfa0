/** The start of the page, and whether its server is there. */
import { batch, signal } from '@preact/signals'
import { loadApi } from '../api/api.ts'
import { Alarm } from './alarm.ts'
import type { CredentialFields } from './credential-fields.ts'
import { credentialHeaders, dropCredentials, takeCredentials } from './credentials.ts'
import { api, facts } from './facts.ts'
import { fetchDescriptors, fetchFacts, UnreachableError } from './fetch-session.ts'
import { retryDelayMs } from './retry-delay.ts'

/** How far the page is. */
export type SessionState =
  | { readonly kind: 'starting' }
  /** The page asks again at `retryAtMs`, by `Date.now()`. */
  | { readonly kind: 'unreachable'; readonly retryAtMs: number }
  /** The server shows its descriptors only to some callers. `fault` says why it refused the credentials; null if there were none. */
  | { readonly kind: 'sign-in'; readonly fault: string | null }
  /** What the server answers cannot be read. */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'ready' }

/** How far the page is. */
export const sessionState = signal<SessionState>({ kind: 'starting' })

/** Whether the server is there. */
export const connection = signal<'connecting' | 'connected' | 'lost'>('connecting')

/** Whether the server has other descriptors by now, as after a deployment. */
export const hasNewApi = signal(false)

/** How often the page looks whether its server is there, while it is visible. */
const LOOK_MS = 10_000

const alarm = new Alarm()
let etag: string | null = null
let isRunning = false

/** Loads facts and descriptors, with waits that grow while the server is away; then looks now and then whether it is there. */
export async function startSession(): Promise<void> {
  if (isRunning) return retryNow()
  isRunning = true
  try {
    for (let failures = 0; !(await hasStarted()); failures += 1) await waitAway(failures)
  } finally {
    isRunning = false
  }
  if (sessionState.peek().kind === 'ready') void watchServer()
}

/** Ends a wait. */
export function retryNow(): void {
  alarm.ring()
}

/**
 * Takes credentials, and loads what the server shows with them.
 *
 * @throws Error if a part of them cannot be sent
 */
export async function signIn(fields: CredentialFields): Promise<void> {
  takeCredentials(fields)
  await startSession()
}

/** Forgets the credentials, and loads what the server shows without. */
export async function signOut(): Promise<void> {
  dropCredentials()
  await startSession()
}

/** Looks whether the server has other descriptors than those of the page, as when it does not know a method. */
export async function checkForNewApi(): Promise<void> {
  const path = facts.peek()?.descriptorsPath
  if (path === undefined || etag === null || hasNewApi.peek()) return
  try {
    const answer = await fetchDescriptors(path, credentialHeaders.peek())
    if (answer.kind === 'descriptors' && answer.etag !== null) hasNewApi.value = answer.etag !== etag
  } catch {
    // The next look tells.
  }
}

/** Returns whether the start has come to an end, be it that the user has to do something. */
async function hasStarted(): Promise<boolean> {
  try {
    const received = await fetchFacts()
    batch(() => {
      facts.value = received
      connection.value = 'connected'
    })
    await loadDescriptors(received.descriptorsPath)
    return true
  } catch (error) {
    if (error instanceof UnreachableError) return false
    sessionState.value = { kind: 'broken', reason: error instanceof Error ? error.message : String(error) }
    return true
  }
}

async function loadDescriptors(path: string): Promise<void> {
  const headers = credentialHeaders.peek()
  const answer = await fetchDescriptors(path, headers)
  if (answer.kind === 'refused') {
    api.value = null
    sessionState.value = { kind: 'sign-in', fault: headers.length === 0 ? null : REFUSALS[answer.httpStatus] }
    return
  }
  const current = api.peek()
  // The same API stays the same object, and so do the calls that are written and made with it.
  const isSame = current !== null && answer.etag !== null && answer.etag === etag
  const loaded = isSame ? current : loadApi(answer.octets)
  batch(() => {
    etag = answer.etag
    hasNewApi.value = false
    api.value = loaded
    sessionState.value = { kind: 'ready' }
  })
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

let isWatched = false

async function watchServer(): Promise<void> {
  if (isWatched) return
  isWatched = true
  for (const event of ['online', 'visibilitychange']) addEventListener(event, retryNow)
  for (let failures = 0; ; ) {
    await alarm.wait(failures === 0 ? LOOK_MS : retryDelayMs(failures - 1))
    if (document.visibilityState === 'hidden') continue
    failures = (await isThere()) ? 0 : failures + 1
  }
}

async function isThere(): Promise<boolean> {
  try {
    await fetchFacts()
  } catch {
    connection.value = 'lost'
    return false
  }
  const wasLost = connection.peek() === 'lost'
  connection.value = 'connected'
  if (wasLost) await checkForNewApi()
  return true
}
