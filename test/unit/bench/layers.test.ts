import { expect, test } from 'vitest'
import { layersOf } from '../../../bench/profile/layers.ts'

/** Returns a profile in which each function took the given number of microseconds. */
function profileOf(spent: readonly (readonly [functionName: string, url: string, microseconds: number])[]) {
  return {
    startTime: 0,
    endTime: 0,
    nodes: spent.map(([functionName, url], id) => ({
      id,
      callFrame: { functionName, url, scriptId: '', lineNumber: 0, columnNumber: 0 },
    })),
    samples: spent.map((_, id) => id),
    timeDeltas: spent.map(([, , microseconds]) => microseconds),
  }
}

test('time is summed by layer, and an idle process spends none', () => {
  const layers = layersOf(
    profileOf([
      ['(idle)', '', 1_000],
      ['writev', '', 30],
      ['toBinary', 'file:///x/node_modules/@bufbuild/protobuf/dist/esm/to-binary.js', 10],
      ['create', 'file:///x/node_modules/@bufbuild/protobuf/dist/esm/create.js', 10],
      ['decode', 'file:///x/wire/codec/decode/message-decoder.ts', 1],
      ['read_a_B', 'portico:codec/read_a_B', 2],
      ['decode', 'file:///x/wire/http2/hpack/decoder.ts', 25],
      ['visit', 'file:///x/wire/http2/dispatcher.ts', 20],
      ['nextTick', 'node:internal/process/task_queues', 2],
    ]),
  )
  expect(layers).toEqual([
    { layer: 'writing to the socket (system call)', share: 0.3 },
    { layer: 'HTTP/2: HPACK', share: 0.25 },
    { layer: 'protobuf-es', share: 0.2 },
    { layer: 'HTTP/2: frames, streams, flow control', share: 0.2 },
    { layer: 'the codec: encode, decode, create', share: 0.03 },
    { layer: 'node: streams, sockets, buffers, timers', share: 0.02 },
  ])
})

test('an unlisted package is reported separately', () => {
  const url = 'file:///x/node_modules/pino/lib/proto.js'
  expect(layersOf(profileOf([['write', url, 1]]))).toEqual([{ layer: 'other packages', share: 1 }])
})
