/** The Connect protocol, which has different formats for unary calls and streams. */
import type { DescMethod } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import type { ClientProtocol } from '../../method-plan.ts'
import { ConnectStreamMethod } from './connect-stream.ts'
import { ConnectUnaryMethod } from './connect-unary.ts'

/** Returns the client side of Connect. @param useHttpGet whether to send unary calls without side effects as GET requests */
export function connectProtocol(useHttpGet: boolean): ClientProtocol {
  const isGet = ({ methodKind, idempotency }: DescMethod): boolean =>
    useHttpGet && methodKind === 'unary' && idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
  return {
    name: 'connect',
    httpMethodOf: (method) => (isGet(method) ? 'GET' : 'POST'),
    attemptsOf: (plan) =>
      plan.method.methodKind === 'unary'
        ? new ConnectUnaryMethod(plan, isGet(plan.method))
        : new ConnectStreamMethod(plan),
  }
}
