/** Sums a CPU profile by the layers of the server. */
import type { Profiler } from 'node:inspector'

/** A part of the server, or of what it builds on, and its share of the busy time. */
export interface LayerShare {
  readonly layer: string
  readonly share: number
}

/** The first match counts: by the function's name, or by the location of its source. */
const LAYERS: readonly { readonly layer: string; readonly name?: RegExp; readonly url?: RegExp }[] = [
  { layer: 'writing to the socket (system call)', name: /^(writeBuffer|writev|writeLatin1String|writeUtf8String)$/ },
  { layer: 'garbage collection', name: /^\(garbage collector\)$/ },
  { layer: 'the codec: encode, decode, create', url: /\/wire\/(codec|json)\/|^portico:codec\// },
  { layer: 'protobuf-es', url: /@bufbuild\/protobuf/ },
  { layer: 'HTTP/2: HPACK', url: /\/wire\/http2\/hpack\// },
  { layer: 'HTTP/2: frames, streams, flow control', url: /\/wire\/http2\// },
  { layer: 'envelopes, compression, status', url: /\/wire\// },
  { layer: 'the call: plan, exchange, context', url: /\/server\/rpc\// },
  { layer: 'the port', url: /\/server\/(listen|native-entry)/ },
  { layer: 'the service', url: /\/server\/services\/|\/bench\/servers\// },
  { layer: 'node: streams, sockets, buffers, timers', url: /^node:/ },
  { layer: 'V8: built-ins, microtasks, what has no name', url: /^$/ },
]
const OTHER = 'other packages'
const IDLE = '(idle)'

/** The shares, the largest first. */
export function layersOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly LayerShare[] {
  const layerById = new Map(nodes.map(({ id, callFrame }) => [id, layerOf(callFrame)]))
  const spent = new Map<string, number>()
  let total = 0
  samples.forEach((id, at) => {
    const layer = layerById.get(id) ?? IDLE
    if (layer === IDLE) return
    const microseconds = timeDeltas[at] ?? 0
    total += microseconds
    spent.set(layer, (spent.get(layer) ?? 0) + microseconds)
  })
  return [...spent]
    .map(([layer, microseconds]) => ({ layer, share: microseconds / total }))
    .sort((a, b) => b.share - a.share)
}

function layerOf({ functionName, url }: Profiler.Profile['nodes'][number]['callFrame']): string {
  if (functionName === IDLE) return IDLE
  const found = LAYERS.find((layer) => (layer.name?.test(functionName) ?? true) && (layer.url?.test(url) ?? true))
  return found?.layer ?? OTHER
}
