/** The broker of topics over NATS JetStream while NATS is away, frozen, or not fit for it. */
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createNatsTopicBroker } from '../../server/demo/topics/nats/nats-topic-broker.ts'
import type { NatsTopicBrokerOptions } from '../../server/demo/topics/nats/nats-topic-options.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { beginRecorded, type RecordedBroker, type StartingBroker } from '../support/brokers/broker-recorder.ts'
import { withJetStreamManager } from '../support/brokers/nats-manager.ts'
import { startNatsServer } from '../support/brokers/nats-server.ts'
import { testCertificates } from '../support/certificates.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const LIMITS = { maxTopicMessages: 100, maxTopicBytes: 10_000, maxTotalBytes: 1_000_000, maxTopics: 1_000 }
const UNAVAILABLE = { name: 'TopicError', reason: 'unavailable' }

let server: BrokerProcess

beforeAll(async () => {
  server = await startNatsServer()
})

afterAll(() => server[Symbol.asyncDispose]())

test.each(['SIGTERM', 'SIGKILL'] as const)('goes on where it was after %s and a restart of NATS', async (signal) => {
  const { broker, messages, availability } = await newProcess()
  await broker.follow('news')
  const first = await broker.append('news', 'one', 3)
  await server.stop(signal)
  await expect.poll(() => availability).toEqual([true, false])
  expect(broker.isAvailable).toBe(false)
  const startedAt = performance.now()
  await expect(broker.append('news', 'lost', 4)).rejects.toMatchObject(UNAVAILABLE)
  await expect(broker.read('news', 0n)).rejects.toMatchObject(UNAVAILABLE)
  await expect(broker.lead('news', 1_000)).rejects.toMatchObject(UNAVAILABLE)
  await expect(broker.follow('other')).rejects.toMatchObject(UNAVAILABLE)
  expect(performance.now() - startedAt).toBeLessThan(1_000)

  await server.start()
  await expect.poll(() => availability, { timeout: 10_000 }).toEqual([true, false, true])
  const second = await broker.append('news', 'two', 3)
  expect(second).toMatchObject({ epoch: first.epoch, sequence: 2n })
  await expect.poll(() => messages).toEqual([first, second])
  expect((await broker.read('news', 0n)).messages).toEqual([first, second])
})

test('is unavailable soon after NATS freezes, and comes back with it', async () => {
  const { broker, availability } = await newProcess({ timeoutMs: 600 })
  await broker.append('news', 'one', 3)
  server.signal('SIGSTOP')
  try {
    const startedAt = performance.now()
    await expect(untilItFails(() => broker.append('news', 'two', 3))).rejects.toMatchObject(UNAVAILABLE)
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    await expect.poll(() => broker.isAvailable).toBe(false)
    await expect(broker.append('news', 'three', 5)).rejects.toMatchObject(UNAVAILABLE)
  } finally {
    server.signal('SIGCONT')
  }
  await expect.poll(() => broker.isAvailable, { timeout: 10_000 }).toBe(true)
  expect(availability.at(-1)).toBe(true)
  const last = await broker.append('news', 'four', 4)
  const { messages } = await broker.read('news', 0n)
  // The last of these may have been appended: it was on its way.
  expect(messages.map(({ data }) => data).filter((data) => data !== 'two')).toEqual(['one', 'four'])
  expect(messages.map(({ sequence }) => sequence)).toEqual(messages.map((_, index) => BigInt(index + 1)))
  expect(messages.at(-1)).toEqual(last)
})

test('waits for NATS at the start', async () => {
  const port = await freePort()
  const { broker, started } = startBroker({ url: `nats://127.0.0.1:${port}` })
  await expect(broker.append('news', 'one', 3)).rejects.toMatchObject(UNAVAILABLE)
  await broker.close()
  await expect(started).rejects.toThrow('closed')
})

test('begins a topic again under another epoch when its history is gone', async () => {
  const stream = `test-${randomUUID()}`
  const { broker, messages } = await newProcess({ stream })
  await broker.follow('news')
  const first = await broker.append('news', 'one', 3)
  await withJetStreamManager(server.port, (manager) => manager.streams.purge(stream))
  const second = await broker.append('news', 'two', 3)
  expect(second.sequence).toBe(1n)
  expect(second.epoch).not.toBe(first.epoch)

  await withJetStreamManager(server.port, (manager) => manager.streams.delete(stream))
  await expect(broker.append('news', 'lost', 4)).rejects.toMatchObject(UNAVAILABLE)
  await expect.poll(() => broker.isAvailable).toBe(true)
  const third = await broker.append('news', 'three', 5)
  expect(third.sequence).toBe(1n)
  await expect.poll(() => messages).toEqual([first, second, third])
  expect((await broker.read('news', 0n)).messages).toEqual([third])
})

test('begins a topic again after the stream lost messages that were acknowledged', async () => {
  const stream = `test-${randomUUID()}`
  const { broker } = await newProcess({ stream })
  const first = await broker.append('news', 'one', 3)
  await broker.append('news', 'two', 3)
  await withJetStreamManager(server.port, async (manager) => {
    const { state } = await manager.streams.info(stream)
    await manager.streams.deleteMessage(stream, state.last_seq)
  })
  const next = await broker.append('news', 'three', 5)
  expect(next.sequence).toBe(1n)
  expect(next.epoch).not.toBe(first.epoch)
})

test('begins a topic again after such a loss, though its place was kept meanwhile', async () => {
  const stream = `test-${randomUUID()}`
  const { broker } = await newProcess({ stream })
  await broker.follow('news')
  const first = await broker.append('news', 'one', 3)
  await broker.append('news', 'two', 3)
  await withJetStreamManager(server.port, async (manager) => {
    const { state } = await manager.streams.info(stream)
    await manager.streams.deleteMessage(stream, state.last_seq)
  })
  const connection = await connect({ port: server.port })
  // As from a server that looks for topics to drop.
  await connection.request(`${stream}.live.news`)
  await connection.close()
  const next = await broker.append('news', 'three', 5)
  expect(next.sequence).toBe(1n)
  expect(next.epoch).not.toBe(first.epoch)
})

test('what others publish on the subject of a topic is no message of it', async () => {
  const stream = `test-${randomUUID()}`
  const { broker, messages } = await newProcess({ stream })
  await broker.follow('news')
  const connection = await connect({ port: server.port })
  connection.publish(`${stream}.kept.news`, 'not an entry')
  await connection.close()
  const first = await broker.append('news', 'one', 3)
  expect(first.sequence).toBe(1n)
  await expect.poll(() => messages).toEqual([first])
  expect((await broker.read('news', 0n)).messages).toEqual([first])
})

test('refuses a message that NATS does not take', async () => {
  const { broker } = await newProcess()
  const bytes = 2_000_000
  await expect(broker.append('news', 'x'.repeat(bytes), bytes)).rejects.toMatchObject({ reason: 'message_too_large' })
  expect((await broker.append('news', 'x', 1)).sequence).toBe(1n)
})

test('refuses to start with wrong credentials, and does not repeat them', async () => {
  const secured = await startNatsServer({ args: ['--user', 'portico', '--pass', 'right'] })
  try {
    const { started } = startBroker({ url: `nats://portico:wrong-pass@127.0.0.1:${secured.port}` })
    const error = await started.catch((cause) => cause)
    expect(error.message).toBe(`nats: 127.0.0.1:${secured.port} refuses the credentials`)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong-pass')
    await startBroker({ url: `nats://portico:right@127.0.0.1:${secured.port}` }).started
  } finally {
    await secured[Symbol.asyncDispose]()
  }
})

test('goes on trying after a refusal, and is available once NATS accepts it', async () => {
  const config = path.join(await temporaryFolder(), 'nats.conf')
  const accept = (password: string) => writeFile(config, `authorization {user: portico, password: ${password}}`)
  await accept('another')
  const secured = await startNatsServer({ args: ['--config', config] })
  try {
    const { broker, messages, started } = startBroker({ url: `nats://portico:right@127.0.0.1:${secured.port}` })
    await expect(started).rejects.toThrow('refuses the credentials')
    await secured.stop()
    await accept('right')
    await secured.start()
    await expect.poll(() => broker.isAvailable, { timeout: 15_000 }).toBe(true)
    await broker.follow('news')
    const first = await broker.append('news', 'one', 3)
    await expect.poll(() => messages).toEqual([first])
  } finally {
    await secured[Symbol.asyncDispose]()
  }
})

test('speaks TLS, and refuses to start with a certificate that it cannot verify', async () => {
  const { ca, server: own } = await testCertificates()
  const folder = await temporaryFolder()
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')]
  await writeFile(cert, own.cert)
  await writeFile(key, own.key)
  const secured = await startNatsServer({ args: ['--tls', '--tlscert', cert, '--tlskey', key] })
  try {
    const url = `tls://localhost:${secured.port}`
    await expect(startBroker({ url }).started).rejects.toThrow('unable to verify the first certificate')
    const { started, broker } = startBroker({ url, tls: { ca } })
    await started
    expect((await broker.append('news', 'one', 3)).sequence).toBe(1n)
    const plain = startBroker({ url: `tls://127.0.0.1:${server.port}` })
    await expect(plain.started).rejects.toThrow("server does not support 'tls'")
  } finally {
    await secured[Symbol.asyncDispose]()
  }
})

test('works with the permissions of its page, and names one that is missing at the start', async () => {
  const config = path.join(await temporaryFolder(), 'nats.conf')
  const users = [
    '{user: a, password: a, permissions: {publish: ["x"]}}',
    '{user: b, password: b, permissions: {publish: [">"], subscribe: ["_INBOX.>"]}}',
    `{user: c, password: c, permissions: {
      publish: ["$JS.API.>", "$KV.portico-topics-leads.>", "portico-topics.>"]
      subscribe: ["_INBOX.>", "portico-topics.live.>"]
    }}`,
  ]
  await writeFile(config, `authorization {users: [${users.join(', ')}]}`)
  const restricted = await startNatsServer({ args: ['--config', config] })
  try {
    const { started } = startBroker({ url: `nats://a:a@127.0.0.1:${restricted.port}` })
    await expect(started).rejects.toThrow('nats: the account may not publish to $JS.API.')
    const b = startBroker({ url: `nats://b:b@127.0.0.1:${restricted.port}`, stream: 'own' })
    await expect(b.started).rejects.toThrow('nats: the account may not subscribe to own.live.')
    const c = startBroker({ url: `nats://c:c@127.0.0.1:${restricted.port}`, stream: 'portico-topics' })
    await c.started
    await c.broker.follow('news')
    const first = await c.broker.append('news', 'one', 3)
    await expect.poll(() => c.messages).toEqual([first])
    expect((await c.broker.read('news', 0n)).messages).toEqual([first])
    expect(await c.broker.lead('news', 1_000)).toBe(true)
  } finally {
    await restricted[Symbol.asyncDispose]()
  }
})

test('refuses to start without JetStream', async () => {
  const plain = await startNatsServer({ isJetStream: false })
  try {
    const { started } = startBroker({ url: `nats://127.0.0.1:${plain.port}` })
    await expect(started).rejects.toThrow('nats: JetStream is not enabled')
  } finally {
    await plain[Symbol.asyncDispose]()
  }
})

test('refuses to start with an account that has no JetStream', async () => {
  const config = path.join(await temporaryFolder(), 'nats.conf')
  await writeFile(config, 'accounts {A: {users: [{user: a, password: a}]}, B: {jetstream: enabled}}')
  const shared = await startNatsServer({ args: ['--config', config] })
  try {
    const { started } = startBroker({ url: `nats://a:a@127.0.0.1:${shared.port}` })
    await expect(started).rejects.toThrow('nats: JetStream is not enabled for the account')
  } finally {
    await shared[Symbol.asyncDispose]()
  }
})

test('refuses to start with a server that is too old', async () => {
  const old = createServer((socket) => {
    socket.write(
      `INFO ${JSON.stringify({ version: '2.9.25', headers: true, jetstream: true, max_payload: 1_000 })}\r\n`,
    )
    socket.on('data', (data) => data.includes('PING') && socket.write('PONG\r\n'))
    socket.on('error', () => {})
  })
  const port = await freePort()
  await new Promise<void>((resolve) => old.listen(port, '127.0.0.1', resolve))
  const { started } = startBroker({ url: `nats://127.0.0.1:${port}` })
  await expect(started).rejects.toThrow('nats: version 2.10 or later is required, the server is 2.9.25')
  await new Promise((resolve) => old.close(resolve))
})

test('refuses a stream that was made for something else, and resizes one of its own', async () => {
  const stream = `test-${randomUUID()}`
  await withJetStreamManager(server.port, (manager) => manager.streams.add({ name: stream, subjects: ['else.>'] }))
  await expect(startBroker({ stream }).started).rejects.toThrow(
    /stream test-\S+ cannot keep topics: subjects must be \["test-\S+\.kept\.\*"\], is \["else\.>"\]; .*republish.*\. Delete it/,
  )
  const own = `test-${randomUUID()}`
  await newProcess({ stream: own })
  await newProcess({ stream: own, limits: { ...LIMITS, maxTopicMessages: 7, maxTotalBytes: 500_000 } })
  const { config } = await withJetStreamManager(server.port, (manager) => manager.streams.info(own))
  expect([config.max_msgs_per_subject, config.max_bytes]).toEqual([7, 500_000])
})

test('names each option that is wrong', () => {
  const options = { url: 'nats://127.0.0.1', limits: LIMITS, stream: 'a.b', replicas: 6, timeoutMs: 1 }
  expect(() => createNatsTopicBroker(options)).toThrow(
    'topics in NATS: stream must be 1 to 64 characters of A-Z a-z 0-9 _ -; replicas must be a whole number from 1 to 5, is 6; ' +
      'timeoutMs must be a whole number from 100 to 60000, is 1',
  )
  const url = 'http://user:secret@127.0.0.1'
  expect(() => createNatsTopicBroker({ url, limits: LIMITS })).toThrow('the URL of NATS must be nats://HOST:PORT')
})

/** A signal takes a moment. */
async function untilItFails(action: () => Promise<unknown>): Promise<never> {
  for (;;) await action()
}

async function newProcess(options: Partial<NatsTopicBrokerOptions> = {}): Promise<RecordedBroker> {
  const { started, ...process } = startBroker(options)
  await started
  return process
}

function startBroker(options: Partial<NatsTopicBrokerOptions>): StartingBroker {
  const url = `nats://127.0.0.1:${server.port}`
  return beginRecorded(createNatsTopicBroker({ url, limits: LIMITS, stream: `test-${randomUUID()}`, ...options }))
}
