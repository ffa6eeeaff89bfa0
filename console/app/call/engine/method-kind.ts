/** The four kinds of methods, as types. */
import type { DescMethod, DescMethodStreaming, DescMethodUnary } from '@bufbuild/protobuf'

export function isUnary(method: DescMethod): method is DescMethod & DescMethodUnary {
  return method.methodKind === 'unary'
}

export function isStreaming(method: DescMethod): method is DescMethod & DescMethodStreaming {
  return method.methodKind !== 'unary'
}

/** Whether the client sends exactly one message. */
export function takesOneRequest({ methodKind }: DescMethod): boolean {
  return methodKind === 'unary' || methodKind === 'server_streaming'
}
