/** Finds out what a failure means, by asking the server for its facts. */
import { useEffect, useState } from 'preact/hooks'
import type { CallStatus } from '../../contracts/live-call.ts'
import { hasCredentials } from '../../session/credentials.ts'
import type { RunningCall } from '../engine/running-call.ts'
import { type Advice, adviseOn, isCut } from './failure-advice.ts'

const MAX_WAIT_MS = 5_000

/** Returns the advice for a call that has failed; null for none. */
export function useAdvice(call: RunningCall, status: CallStatus): Advice | null {
  const [isServerThere, setServerThere] = useState<boolean | null>(null)
  const hasFailed = isCut(status)
  useEffect(() => {
    setServerThere(null)
    if (!hasFailed) return
    let isCurrent = true
    void probe().then((isThere) => isCurrent && setServerThere(isThere))
    return () => {
      isCurrent = false
    }
  }, [call, hasFailed])
  return adviseOn(status, call.init, {
    isServerThere,
    isOnline: navigator.onLine,
    hasCredentials: hasCredentials.value,
  })
}

async function probe(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(MAX_WAIT_MS)
    return (await fetch('facts.json', { cache: 'no-store', credentials: 'same-origin', signal })).ok
  } catch {
    return false
  }
}
