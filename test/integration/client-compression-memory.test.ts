/** The memory of a client whose servers send highly compressed responses, measured in a separate process. */
import { expect, test } from 'vitest'
import { zstd } from '../../wire/compression/compression.ts'
import { repetitions } from '../support/depth.ts'
import { BOMB_BYTES } from '../support/inflating/bombs.ts'
import type { PeakCalls } from '../support/inflating/peak-client.ts'
import { startPeakProcess } from '../support/inflating/peak-process.ts'
import { startBombServer } from '../support/inflating/start-bomb-server.ts'

const MIB = 1_048_576

/** What decoding makes of messages, and garbage that is not collected yet: the jobs at a time hold much less. */
const SLACK_BYTES = 384 * MIB

/** Of the message: without its tag and the length of its text. */
const TEXT_BYTES = BOMB_BYTES - 5

const WAYS: readonly Pick<PeakCalls, 'protocol' | 'isStream'>[] = [
  { protocol: 'grpc', isStream: false },
  { protocol: 'grpc', isStream: true },
  { protocol: 'grpc-web', isStream: false },
  { protocol: 'connect', isStream: false },
  { protocol: 'connect', isStream: true },
]

/** More than the slack in total, so that keeping all of them would be noticed. */
const CALLS = repetitions({ narrow: 150, deep: 300 })

test.each(WAYS)(
  'many calls by $protocol (stream: $isStream) whose responses inflate to 4 MiB each stay within memory bounds, and all succeed',
  {
    timeout: 60_000,
  },
  async (way) => {
    const { port } = await startBombServer(zstd === undefined ? 'gzip' : 'zstd')
    const client = await startPeakProcess('peak-client.ts', [])
    const outcomes = (await client.ask({ ...way, port, count: CALLS } satisfies PeakCalls)) as string[]
    expect(new Set(outcomes)).toEqual(new Set([String(TEXT_BYTES)]))
    const { peakBytes, heldBytes } = await client.measure()
    expect(peakBytes - client.idle.peakBytes).toBeLessThan(SLACK_BYTES)
    expect(heldBytes).toBe(0)
  },
)
