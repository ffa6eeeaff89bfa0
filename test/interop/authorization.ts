/** Authorization policies have the same meaning as on grpc-go: the same are valid, and they allow the same calls. */
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createTransport } from '../../client/node/transport.ts'
import { createApp } from '../../server/app.ts'
import { authorize } from '../../server/auth/authorize.ts'
import { TestService } from '../gen/grpc/testing/test_pb.js'
import { type KeyedCertificate, testCertificates } from '../support/certificates.ts'
import { startProgram } from '../support/command.ts'
import { buildGoProgram } from '../support/go-tool.ts'
import type { Check } from '../support/run-checks.ts'
import { testServiceOf } from './test-service.ts'

const SERVICE = '/grpc.testing.TestService'
const ALL = { name: 'all' }

const withRule = (rule: object) => ({ name: 'authz', allow_rules: [{ name: 'r', ...rule }] })
const withPrincipals = (...principals: string[]) => withRule({ source: { principals } })
const withPaths = (...paths: string[]) => withRule({ request: { paths } })
const withHeader = (key: string, ...values: string[]) => withRule({ request: { headers: [{ key, values }] } })
const withAudit = (options: object) => ({ ...withRule({}), audit_logging_options: options })

/**
 * Valid and invalid ones. None matches a value with a comma: ours ignores blanks after it (RFC 9110, section 5.3), which clients add when
 * they join the values of a repeated header.
 */
const POLICIES: readonly object[] = [
  withRule({}),
  withRule({ source: {}, request: {} }),
  { ...withRule({}), deny_rules: [{ name: 'd', request: { paths: [`${SERVICE}/UnaryCall`] } }] },
  { ...withRule({}), deny_rules: [{ name: 'd', request: { headers: [{ key: 'x-tenant', values: ['a'] }] } }] },
  { ...withRule({}), deny_rules: [{ name: 'd', source: { principals: ['spiffe://*'] } }] },
  { name: 'authz', allow_rules: [{ name: 'r', request: { paths: ['/a.B/C'] } }, ALL] },
  withPrincipals('spiffe://example.org/shop'),
  withPrincipals('*'),
  withPrincipals(''),
  withPrincipals('*.test'),
  withPrincipals('CN=test client'),
  withPrincipals('CN=*'),
  withPrincipals('nobody', 'spiffe://example.org/*'),
  withPaths(`${SERVICE}/EmptyCall`),
  withPaths(`${SERVICE}/*`),
  withPaths('*/UnaryCall'),
  withPaths('*'),
  withPaths('/grpc.testing.*/EmptyCall'),
  withPaths('*testing*'),
  withPaths(`${SERVICE}/emptycall`),
  withHeader('x-tenant', 'a'),
  withHeader('X-Tenant', 'a', 'b'),
  withHeader('x-tenant', 'a*'),
  withHeader('x-tenant', '*b'),
  withHeader('x-tenant', '*'),
  withHeader('x-tenant', ''),
  withHeader('content-type', 'application/grpc*'),
  withRule({ request: { paths: [`${SERVICE}/EmptyCall`], headers: [{ key: 'x-tenant', values: ['a'] }] } }),
  withRule({ request: { headers: ['x-tenant', 'x-other'].map((key) => ({ key, values: ['a'] })) } }),
  withAudit({ audit_condition: 'ON_DENY', audit_loggers: [{ name: 'stdout_logger', config: {}, is_optional: false }] }),
  withAudit({ audit_condition: 'ON_DENY', audit_loggers: [{ name: 'kafka', config: {}, is_optional: true }] }),
  withAudit({ audit_condition: 'ON_DENY', audit_loggers: [{ name: 'kafka', config: {}, is_optional: false }] }),
  withAudit({ audit_condition: 'SOMETIMES', audit_loggers: [] }),
  { allow_rules: [ALL] },
  { name: '', allow_rules: [ALL] },
  { name: 'authz' },
  { name: 'authz', allow_rules: [] },
  { name: 'authz', allow_rules: [{}] },
  { name: 'authz', allow_rules: [ALL], rules: [] },
  { name: 'authz', allow_rules: {} },
  withRule({ sources: {} }),
  withRule({ source: { principal: [] } }),
  withRule({ source: { principals: 'a' } }),
  withRule({ request: { path: [] } }),
  withRule({ request: { headers: [{ values: ['a'] }] } }),
  withRule({ request: { headers: [{ key: 'x-tenant' }] } }),
  withHeader('x-tenant'),
  ...[':authority', 'Host', 'grpc-timeout', 'te', 'upgrade', 'transfer-encoding'].map((key) => withHeader(key, '*')),
]

const HEADERS: readonly (readonly (readonly [string, string])[])[] = [
  [],
  [['x-tenant', 'a']],
  [
    ['x-tenant', 'a'],
    ['x-tenant', 'b'],
  ],
  [
    ['x-tenant', 'ab'],
    ['x-other', 'a'],
  ],
  [['x-tenant', '']],
]

/** A check, and what it needs until disposal. */
export interface AuthorizationRun extends AsyncDisposable {
  readonly check: Check
}

/** @param ground files of the servers' certificate and of the CA; a folder for the policies */
export async function authorizationCheck(ground: {
  readonly folder: string
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}): Promise<AuthorizationRun> {
  const { caFile, certFile, keyFile } = ground
  const program = await buildGoProgram(path.join(import.meta.dirname, 'grpc-go/authz'))
  const policies = path.join(ground.folder, 'policies.json')
  await writeFile(policies, JSON.stringify(POLICIES))
  const args = ['-cert', certFile, '-key', keyFile, '-ca', caFile, '-policies', policies]
  const peer = await startProgram({ program, args }, /^(\[.*\])$/)
  const addresses: readonly (string | null)[] = JSON.parse(peer.found)
  const { signClient, client } = await testCertificates()
  const callers = [
    await signClient({ type: 6, value: 'spiffe://example.org/shop' }, { type: 2, value: 'shop.test' }),
    await signClient({ type: 2, value: 'shop.test' }),
    client,
  ]
  return {
    check: {
      name: `grpc-go: ${POLICIES.length} authorization policies decide alike`,
      async run() {
        const faults: string[] = []
        for (const [index, policy] of POLICIES.entries()) {
          faults.push(...(await compare(policy, { theirs: addresses[index] ?? null, callers, files: ground })))
        }
        if (faults.length > 0) throw new Error(faults.join('\n'))
      },
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  }
}

interface Peers {
  /** The address of grpc-go's server; null if it refuses the policy. */
  readonly theirs: string | null
  readonly callers: readonly KeyedCertificate[]
  readonly files: { readonly caFile: string; readonly certFile: string; readonly keyFile: string }
}

/** Returns a phrase for each difference. */
async function compare(policy: object, { theirs, callers, files }: Peers): Promise<string[]> {
  const app = await startOurs(policy, files).catch((error: Error) => error)
  const text = JSON.stringify(policy)
  if (app instanceof Error) return theirs === null ? [] : [`${text} is not valid here: ${app.message}`]
  try {
    if (theirs === null) return [`${text} is valid here only`]
    const { port } = app.fastify.server.address() as AddressInfo
    const [here, there] = [`127.0.0.1:${port}`, theirs].map((address) => decisionsOf(address, callers, files.caFile))
    const [ours, expected] = await Promise.all([here, there])
    return ours?.join() === expected?.join() ? [] : [`${text} decides ${ours}, and on grpc-go ${expected}`]
  } finally {
    await app.drain()
  }
}

async function startOurs(policy: object, { caFile, certFile, keyFile }: Peers['files']) {
  const app = await createApp({
    listen: { tls: { caFile, certFile, keyFile } },
    logger: false,
    middleware: [authorize({ policy: JSON.stringify(policy) })],
    routes: (router) => router.service(TestService, testServiceOf('')),
  })
  await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  return app
}

/** Returns 1 for each call that is allowed, and 0 for others: by each caller, with each set of headers, of two methods. */
async function decisionsOf(address: string, callers: readonly KeyedCertificate[], caFile: string): Promise<number[]> {
  const decisions: number[] = []
  for (const { cert, key } of callers) {
    await using transport = createTransport({ baseUrl: `https://${address}`, tls: { caFile, cert, key } })
    const client = createClient(TestService, transport)
    for (const fields of HEADERS) {
      const headers = new Headers()
      for (const [name, value] of fields) headers.append(name, value)
      decisions.push(await isAllowed(client.emptyCall({}, { headers })))
      decisions.push(await isAllowed(client.unaryCall({}, { headers })))
    }
  }
  return decisions
}

async function isAllowed(call: Promise<unknown>): Promise<number> {
  try {
    await call
    return 1
  } catch (thrown) {
    if (ConnectError.from(thrown).code === Code.PermissionDenied) return 0
    throw thrown
  }
}
