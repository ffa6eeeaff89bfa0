/** The calls behind the samples, as the call view opens them. */
import type { SavedCall } from '../contracts/saved-call.ts'

/** The names of the samples. */
export type SampleName = 'ticker' | 'sensor' | 'chat'

/** The topics that the samples use. Those of the demo's page are the same. */
export const TOPICS: Readonly<Record<SampleName, string>> = {
  ticker: 'stocks/ACME',
  sensor: 'sensors/kitchen',
  chat: 'chat/lobby',
}

const SERVICE = 'greeter.v1.GreeterService'

/** What opens in the call view. */
export const SAMPLE_CALLS: Readonly<Record<SampleName, SavedCall>> = {
  ticker: {
    method: `${SERVICE}/GetStream`,
    protocol: 'connect',
    headers: [],
    messages: [text({ topic: TOPICS.ticker, afterSequence: '0' })],
  },
  sensor: {
    method: `${SERVICE}/PutStream`,
    protocol: 'websocket',
    headers: [],
    messages: [20.5, 21, 21.5].map((celsius) => text({ topic: TOPICS.sensor, data: JSON.stringify({ celsius }) })),
  },
  chat: {
    method: `${SERVICE}/AllStream`,
    protocol: 'websocket',
    headers: [],
    messages: [
      text({ topic: TOPICS.chat }),
      text({ topic: TOPICS.chat, data: JSON.stringify({ name: 'Console', text: 'Hello' }) }),
    ],
  },
}

function text(message: object): string {
  return JSON.stringify(message, null, 2)
}
