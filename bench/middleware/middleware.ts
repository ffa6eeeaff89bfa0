/** The functions of a server whose cost is measured, by name. */
import { authorize } from '../../server/auth/authorize.ts'
import type { AuthorizationPolicy } from '../../server/auth/policy/authorization-policy.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { validate } from '../../server/validation/validate.ts'

/** A function, as it is measured. */
export interface MeasuredMiddleware {
  readonly title: string
  /** The call that it applies to. */
  readonly call: 'greeting' | 'order'
  create(): readonly Middleware[]
}

/** A policy with rules by path, principal and header, of which the last allows the call. */
const POLICY: AuthorizationPolicy = {
  name: 'bench',
  deny_rules: [{ name: 'tenant', request: { headers: [{ key: 'x-tenant', values: ['test-*'] }] } }],
  allow_rules: [
    { name: 'clerks', source: { principals: ['spiffe://bench.example/*'] } },
    { name: 'greeter', request: { paths: ['/greeter.v1.GreeterService/*'] } },
  ],
}

/** The first is the server without any. */
export const MEASURED = {
  none: { title: 'none', call: 'greeting', create: () => [] },
  authorize: {
    title: '`authorize`: three rules, with a header and principals',
    call: 'greeting',
    create: () => [authorize({ policy: POLICY })],
  },
  'validate-unruled': { title: '`validate`: no rules', call: 'greeting', create: () => [validate()] },
  validate: { title: '`validate`: rules on four fields', call: 'order', create: () => [validate()] },
} satisfies Record<string, MeasuredMiddleware>

/** Names of {@link MEASURED}. */
export type MeasuredName = keyof typeof MEASURED
