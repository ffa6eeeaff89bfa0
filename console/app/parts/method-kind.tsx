/** Which sides of a method stream. */
import type { DescMethod } from '@bufbuild/protobuf'

const SHORT = {
  unary: 'unary',
  server_streaming: 'server',
  client_streaming: 'client',
  bidi_streaming: 'bidi',
} as const

const LONG = {
  unary: 'Unary: one request, one response',
  server_streaming: 'Server streaming: one request, many responses',
  client_streaming: 'Client streaming: many requests, one response',
  bidi_streaming: 'Bidirectional streaming: many requests, many responses',
} as const

/** Draws the kind of a method in a word, with the explanation as its tooltip. */
export function MethodKind({ method }: { method: Pick<DescMethod, 'methodKind'> }) {
  return (
    <span class={`kind is-${method.methodKind}`} title={LONG[method.methodKind]}>
      {SHORT[method.methodKind]}
    </span>
  )
}
