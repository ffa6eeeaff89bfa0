import { Code, createContextValues, type HandlerContext } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { authenticate } from '../../../../server/auth/authenticate.ts'
import { type AuthScheme, InvalidCredentials } from '../../../../server/auth/schemes/auth-scheme.ts'
import { type Principal, principalKey } from '../../../../server/rpc/context-keys.ts'
import { thenable } from '../../../support/thenables.ts'

const ADA: Principal = { name: 'Ada', scheme: 'first', scopes: [], claims: {} }
const UNAUTHENTICATED = { code: Code.Unauthenticated, rawMessage: 'valid credentials are required' }

/** Returns what the gate returns, and the principal after it. */
function check(...answers: AuthScheme['authenticate'][]) {
  const schemes = answers.map((answer, index) => ({ name: `scheme ${index}`, authenticate: answer }))
  const values = createContextValues()
  const context = { method: GreeterService.method.sayHello, values } as unknown as HandlerContext
  const passing = authenticate({ schemes }).requestGate?.(context)
  return { passing, principal: () => values.get(principalKey) }
}

const invalid = () => {
  throw new InvalidCredentials('expired')
}

test('waits for nothing if no scheme does', () => {
  const { passing, principal } = check(
    () => null,
    () => ADA,
  )
  expect(passing).toBeUndefined()
  expect(principal()).toBe(ADA)
})

describe.each<[string, (value: Principal | null) => Promise<Principal | null>]>([
  ['a promise', (value) => Promise.resolve(value)],
  ['a thenable', (value) => thenable((resolve) => resolve(value))],
])('%s of a scheme', (_what, later) => {
  test('is waited for', async () => {
    const { passing, principal } = check(
      () => later(null),
      () => later(ADA),
    )
    expect(principal()).toBeUndefined()
    await passing
    expect(principal()).toBe(ADA)
  })

  test('lets nobody in without a principal', async () => {
    await expect(check(() => later(null)).passing).rejects.toMatchObject(UNAUTHENTICATED)
  })
})

test.each<[string, AuthScheme['authenticate']]>([
  ['throws', invalid],
  ['rejects', async () => invalid()],
  ['returns a thenable that rejects', () => thenable((_resolve, reject) => reject(new InvalidCredentials('expired')))],
])('no other scheme is asked if one %s invalid credentials', async (_how, first) => {
  const next = () => expect.fail('was asked')
  await expect(async () => check(first, next).passing).rejects.toMatchObject(UNAUTHENTICATED)
})

const STRANGE = [undefined, 'Ada', 1, true, false, {}, [], { name: 'Ada' }, { ...ADA, scopes: 'hello:say' }]

test.each<[string, (answer: unknown) => unknown]>([
  ['returned', (answer) => answer],
  ['a promise', async (answer) => answer],
  ['a thenable', (answer) => thenable((resolve) => resolve(answer))],
])('what is neither a principal nor null lets nobody in: %s', async (_how, answerWith) => {
  for (const answer of STRANGE) {
    const { passing, principal } = await settled(() => check(() => answerWith(answer) as never))
    expect(passing, String(answer)).toBeInstanceOf(TypeError)
    expect(principal).toBeUndefined()
  }
})

async function settled(run: () => ReturnType<typeof check>): Promise<{ passing: unknown; principal: unknown }> {
  try {
    const { passing, principal } = run()
    return { passing: await passing, principal: principal() }
  } catch (error) {
    return { passing: error, principal: undefined }
  }
}
