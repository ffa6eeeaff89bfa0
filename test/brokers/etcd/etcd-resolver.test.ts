/** Clients find servers in a real etcd. Entries are written by its JSON gateway, as other programs would. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createClient } from '@connectrpc/connect'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { createTransport } from '../../../client/node/transport.ts'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { EtcdClient } from '../../../registry/etcd/etcd-client.ts'
import { EtcdInstances } from '../../../registry/etcd/etcd-instances.ts'
import { type EtcdRegistrarOptions, normalizeEtcdOptions } from '../../../registry/etcd/etcd-options.ts'
import { etcdRegistrar } from '../../../registry/etcd/etcd-registrar.ts'
import { etcdResolver } from '../../../registry/etcd/etcd-resolver.ts'
import { watchInstances } from '../../../registry/etcd/etcd-watch.ts'
import { systemClock } from '../../../wire/http2/http2.ts'
import { startBackends } from '../../support/backends.ts'
import type { BrokerProcess } from '../../support/brokers/broker-process.ts'
import {
  compact,
  readEntries,
  removeEntry,
  requireUsers,
  tokenOfRoot,
  writeEntries,
  writeEntry,
} from '../../support/brokers/etcd-json.ts'
import { startEtcdServer } from '../../support/brokers/etcd-server.ts'
import { testCertificates } from '../../support/certificates.ts'
import { instanceOf } from '../../support/contracts/registrar-contract.ts'
import { freePort } from '../../support/ports.ts'
import { FollowedTarget } from '../../support/registry/follow-target.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const WAITING = { timeout: 15_000, interval: 10 }

let etcd: BrokerProcess
beforeAll(async () => {
  etcd = await startEtcdServer()
})
afterAll(() => etcd[Symbol.asyncDispose]())
beforeEach(async () => {
  for (const { key } of await readEntries(etcd.port, 'greeter')) await removeEntry(etcd.port, key)
})

const endpoint = () => `127.0.0.1:${etcd.port}`
const entry = (port: number, metadata: unknown = null) =>
  JSON.stringify({ Op: 0, Addr: `127.0.0.1:${port}`, Metadata: metadata })
const follow = (service = 'greeter') => new FollowedTarget(`etcd://${endpoint()}/${service}`, etcdResolver())

function register(id: string, options: EtcdRegistrarOptions = {}) {
  const registration = etcdRegistrar({ endpoints: [endpoint()], ttlMs: 2_000, ...options }).register(instanceOf(id), {
    clock: systemClock,
    random: () => 0.5,
    log: { info() {}, warn() {} },
  })
  onTestFinished(() => registration.deregister(1))
  return registration
}

test('SD-1: follows servers that come and go, with their metadata', async () => {
  const found = follow()
  await vi.waitFor(() => expect(found.error?.rawMessage).toBe('greeter in etcd has no instances'), WAITING)
  const a = register('a')
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1001']), WAITING)
  await writeEntry(etcd.port, 'greeter/of-go', entry(1_009, { weight: 3, zone: 'z', version: '1', rack: { row: 1 } }))
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1001', '127.0.0.1:1009']), WAITING)
  expect(found.attributesOf('127.0.0.1:1009')).toEqual({ weight: 3, zone: 'z', version: '1', rack: { row: 1 } })
  expect(found.attributesOf('127.0.0.1:1001')).toEqual({})
  await a.deregister(5_000)
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1009']), WAITING)
})

test('SD-4: a service has only instances of its own name, not of names that begin with it', async () => {
  await writeEntries(etcd.port, [
    ['greeter/a', entry(1)],
    ['greeter2/a', entry(2)],
    ['greeter-eu/a', entry(3)],
    ['greeter/v2/a', entry(4)],
    ['greeter', entry(5)],
    ['greeter/', entry(6)],
  ])
  const found = [follow(), follow('greeter2'), follow('greeter/v2'), follow('greeter%2Fv2')]
  const expected = [['127.0.0.1:1'], ['127.0.0.1:2'], ['127.0.0.1:4'], ['127.0.0.1:4']]
  await vi.waitFor(() => expect(found.map(({ addresses }) => addresses)).toEqual(expected), WAITING)
  await writeEntries(etcd.port, [
    ['greeter2/b', entry(20)],
    ['greeter/b', entry(10)],
  ])
  await vi.waitFor(() => expect(found[0]?.addresses).toEqual(['127.0.0.1:1', '127.0.0.1:10']), WAITING)
})

test('skips entries that are not instances, says which, and takes them once they are valid', async () => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error) => void warnings.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  await writeEntries(etcd.port, [
    ['greeter/text', 'text'],
    ['greeter/list', '[1]'],
    ['greeter/null', 'null'],
    ['greeter/no-addr', '{"Op":0}'],
    ['greeter/no-port', '{"Addr":"10.0.0.1"}'],
    ['greeter/port-0', '{"Addr":"10.0.0.1:0"}'],
    ['greeter/long', JSON.stringify({ Addr: '10.0.0.1:80', Metadata: 'x'.repeat(70_000) })],
    ['greeter/other-metadata', '{"Addr":"[::1]:1","Metadata":"text","New":true}'],
    ['greeter/good', entry(1)],
  ])
  const found = follow()
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1', '[::1]:1']), WAITING)
  await vi.waitFor(() => expect(warnings).toHaveLength(7), WAITING)
  expect(warnings).toContain('etcd: the entry "greeter/text" is not an instance: it is not JSON')
  await writeEntry(etcd.port, 'greeter/text', entry(2))
  await writeEntry(etcd.port, 'greeter/good', 'broken')
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:2', '[::1]:1']), WAITING)
})

test('of two entries for one address the later counts, and both must go', async () => {
  await writeEntry(etcd.port, 'greeter/old', entry(1, { version: '1' }))
  await writeEntry(etcd.port, 'greeter/a-new', entry(1, { version: '2' }))
  const found = follow()
  await vi.waitFor(() => expect(found.attributesOf('127.0.0.1:1')).toEqual({ version: '2' }), WAITING)
  await removeEntry(etcd.port, 'greeter/old')
  await writeEntry(etcd.port, 'greeter/b', entry(2))
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1', '127.0.0.1:2']), WAITING)
})

test('reads a service of more instances than one response has', async () => {
  const ports = Array.from({ length: 1_203 }, (_, index) => 2_000 + index)
  await writeEntries(
    etcd.port,
    ports.map((port) => [`greeter/${port}`, entry(port)]),
  )
  const found = follow()
  await vi.waitFor(() => expect(found.addresses).toEqual(ports.map((port) => `127.0.0.1:${port}`)), WAITING)
  expect(found.lists).toBe(1)
})

test('lists the instances again when etcd has compacted the revision to watch from', async () => {
  await writeEntry(etcd.port, 'greeter/a', entry(1))
  const client = new EtcdClient(normalizeEtcdOptions({ endpoints: [endpoint()] }), systemClock)
  onTestFinished(() => client.close())
  const watch = client.watch.bind(client)
  let watches = 0
  client.watch = async function* (...args) {
    watches += 1
    if (watches === 1) {
      await removeEntry(etcd.port, 'greeter/a')
      await writeEntry(etcd.port, 'greeter/b', entry(2))
      await compact(etcd.port)
    }
    yield* watch(...args)
  }
  const lists: number[][] = []
  const abort = new AbortController()
  const watching = watchInstances(
    client,
    {
      service: 'greeter',
      createInstances: () => new EtcdInstances('greeter', () => {}),
      onEndpoints: (endpoints) =>
        void lists.push(
          endpoints.flatMap(({ addresses }) => addresses.map((each) => ('port' in each ? each.port : 0))),
        ),
    },
    abort.signal,
  ).catch(() => {})
  await vi.waitFor(() => expect([lists, watches]).toEqual([[[1], [2]], 2]), WAITING)
  await writeEntry(etcd.port, 'greeter/c', entry(3))
  await vi.waitFor(() => expect(lists.at(-1)).toEqual([2, 3]), WAITING)
  abort.abort()
  await watching
})

test('SD-3: calls go on while etcd is away, and changes are seen once it is back', async () => {
  const [a, b, c] = await startBackends('abc')
  if (a === undefined || b === undefined || c === undefined) throw new Error('no backends')
  await writeEntries(etcd.port, [
    ['greeter/a', entry(a.port)],
    ['greeter/b', entry(b.port)],
  ])
  const transport = createTransport({
    target: 'etcd:///greeter',
    resolvers: [etcdResolver({ endpoints: [`127.0.0.1:${await freePort()}`, endpoint()] })],
    serviceConfig: { loadBalancingConfig: [{ round_robin: {} }] },
  })
  onTestFinished(() => transport.close())
  const greeter = createClient(GreeterService, transport)
  const names = async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => greeter.sayHello({})))
    return [...new Set(answers.map(({ message }) => message))].sort()
  }
  await vi.waitFor(async () => expect(await names()).toEqual(['a', 'b']), WAITING)
  await etcd.stop('SIGKILL')
  const until = performance.now() + 1_500
  while (performance.now() < until) expect(await names()).toEqual(['a', 'b'])
  await etcd.start()
  await writeEntry(etcd.port, 'greeter/c', entry(c.port))
  await removeEntry(etcd.port, 'greeter/a')
  await vi.waitFor(async () => expect(await names()).toEqual(['b', 'c']), WAITING)
})

test('a password works on, also after etcd has forgotten its tokens', async () => {
  const own = await startEtcdServer()
  onTestFinished(() => own[Symbol.asyncDispose]())
  await requireUsers(own.port)
  const options = { endpoints: [`127.0.0.1:${own.port}`], username: 'root', password: 'secret' }
  const registration = register('a', options)
  const found = new FollowedTarget('etcd:///greeter', etcdResolver(options))
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1001']), WAITING)
  const refused = new FollowedTarget('etcd:///greeter', etcdResolver({ endpoints: options.endpoints }))
  await vi.waitFor(() => expect(refused.error?.rawMessage).toContain('user name is empty'), WAITING)
  const wrong = new FollowedTarget('etcd:///greeter', etcdResolver({ ...options, password: 'wrong' }))
  await vi.waitFor(() => expect(wrong.error?.rawMessage).toContain('authentication failed'), WAITING)
  expect([refused.addresses, wrong.addresses]).toEqual([[], []])
  await own.stop('SIGKILL')
  await own.start()
  register('b', options)
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1001', '127.0.0.1:1002']), WAITING)
  await vi.waitFor(() => expect(registration.isRegistered).toBe(true), WAITING)
  await registration.deregister(5_000)
  const entries = await readEntries(own.port, 'greeter/', await tokenOfRoot(own.port))
  expect(entries.map(({ key }) => key)).toEqual(['greeter/b'])
})

test('speaks TLS with certificates on both sides, and to no member with another certificate', async () => {
  const folder = await temporaryFolder()
  const certificates = await testCertificates()
  const write = async (name: string, text: string) => {
    const file = path.join(folder, name)
    await writeFile(file, text)
    return file
  }
  const caFile = await write('ca.pem', certificates.ca)
  const own = await startEtcdServer({
    certFile: await write('server.pem', certificates.server.cert),
    keyFile: await write('server.key', certificates.server.key),
    clientCaFile: caFile,
  })
  onTestFinished(() => own[Symbol.asyncDispose]())
  const { cert, key } = certificates.client
  const options = { endpoints: [`127.0.0.1:${own.port}`] }
  const found = new FollowedTarget('etcd:///greeter', etcdResolver({ ...options, tls: { caFile, cert, key } }))
  const refused = new FollowedTarget('etcd:///greeter', etcdResolver({ ...options, tls: { cert, key } }))
  const unknown = new FollowedTarget('etcd:///greeter', etcdResolver({ ...options, tls: { caFile } }))
  register('a', { ...options, tls: { caFile, cert, key } })
  await vi.waitFor(() => expect(found.addresses).toEqual(['127.0.0.1:1001']), WAITING)
  await vi.waitFor(() => expect([refused.error, unknown.error]).not.toContain(null), WAITING)
  expect([refused.addresses, unknown.addresses]).toEqual([[], []])
})
