/** Whether the server is still there, and has the same API, while the page is open. */
import { Alarm } from './alarm.ts'
import { fetchFacts } from './fetch-session.ts'
import { retryDelayMs } from './retry-delay.ts'
import { checkForNewApi, connection, retryNow, sessionState } from './session.ts'

/** How often the page looks, while it is visible. */
const LOOK_MS = 10_000

/** What can have changed the connection; or the API, as when a user comes back who has deployed another one. */
const EVENTS = ['online', 'visibilitychange', 'focus'] as const

/** Looks now and then, and whenever something can have changed, until the page is closed. */
export async function watchServer(): Promise<never> {
  const alarm = new Alarm()
  const look = () => {
    retryNow()
    alarm.ring()
  }
  for (const event of EVENTS) addEventListener(event, look)
  for (let failures = 0; ; ) {
    const isAsked = await alarm.wait(failures === 0 ? LOOK_MS : retryDelayMs(failures - 1))
    // The start has waits of its own.
    if (document.visibilityState === 'hidden' || sessionState.peek().kind !== 'ready') continue
    failures = (await isThere(isAsked)) ? 0 : failures + 1
  }
}

async function isThere(isAsked: boolean): Promise<boolean> {
  try {
    await fetchFacts()
  } catch {
    connection.value = 'lost'
    return false
  }
  const wasLost = connection.peek() === 'lost'
  connection.value = 'connected'
  if (wasLost || isAsked) await checkForNewApi()
  return true
}
