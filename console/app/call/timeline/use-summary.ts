/** What assistive technology says about a stream: a sentence now and then, not each message. */
import { useEffect, useState } from 'preact/hooks'
import { countOf } from '../../parts/format.ts'
import type { RunningCall } from '../engine/running-call.ts'

const EVERY_MS = 5_000

/** Returns the sentence. It changes at most every five seconds, and when the call ends. */
export function useSummary(call: RunningCall): string {
  const [said, setSaid] = useState('')
  const state = call.state.value
  useEffect(() => {
    const say = () => setSaid(sentenceOf(call))
    say()
    if (state === 'ended') return
    const timer = setInterval(say, EVERY_MS)
    return () => clearInterval(timer)
  }, [call, state])
  return said
}

function sentenceOf(call: RunningCall): string {
  const { sent, received } = call.counts.peek()
  const status = call.status.peek()
  const how = status === null ? (call.state.peek() === 'open' ? 'Open' : 'Half-closed') : `Ended with ${status.code}`
  return `${how}. ${countOf(received, 'message')} received, ${countOf(sent, 'message')} sent.`
}
