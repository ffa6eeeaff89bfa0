import { Code, ConnectError, createContextValues } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { waitForReady } from '../../../../../client/node/rpc/wait-for-ready.ts'
import type { MethodConfig } from '../../../../../client/node/service-config/method-config.ts'
import { CLIENT_PROTOCOLS } from '../../../../support/client-protocols.ts'
import { configOf, LateConfig, RETRY_POLICY } from '../../../../support/config-of.ts'
import { type FakeTransportInit, hello, openFakeGreeter } from '../../../../support/fake-transport.ts'
import { settled } from '../../../../support/settled.ts'

const CANCEL = 8

describe.each(CLIENT_PROTOCOLS)('$protocol.name', ({ protocol }) => {
  const open = (init?: FakeTransportInit) => openFakeGreeter(protocol, init)

  function openWith(method: Partial<MethodConfig>) {
    return open({ parts: { config: configOf(method) } })
  }

  describe('waiting for ready', () => {
    test.each([
      [undefined, true, true],
      [undefined, undefined, false],
      [false, true, false],
      [true, false, true],
    ])('the call says %s, the service config %s: %s', async (own, ofConfig, expected) => {
      const { client, connector, clock } = openWith({ waitForReady: ofConfig })
      const contextValues = createContextValues()
      if (own !== undefined) contextValues.set(waitForReady, own)
      const calling = client.sayHello({}, { contextValues, timeoutMs: 1_000 })
      const failed = expect(calling).rejects.toMatchObject({
        code: expected ? Code.DeadlineExceeded : Code.Unavailable,
      })
      await settled()
      connector.last.fail()
      await settled()
      clock.advance(1_010)
      await failed
    })
  })

  describe('limits', () => {
    test.each([
      [0, 100],
      [100, 0],
    ])('for requests: %i in the service config, %i in the transport', async (maxRequestBytes, maxSendBytes) => {
      const parts = { config: configOf({ maxRequestBytes }) }
      const { client, connector } = open({ parts, settings: { maxSendBytes } })
      await expect(client.sayHello({ name: 'x' })).rejects.toMatchObject({
        code: Code.ResourceExhausted,
        rawMessage: 'message of 3 bytes exceeds writeMaxBytes 0',
      })
      expect(connector.attempts).toEqual([])
    })

    test.each([
      [6, 100],
      [100, 6],
    ])('for responses: %i in the service config, %i in the transport', async (maxResponseBytes, maxReceiveBytes) => {
      const parts = { config: configOf({ maxResponseBytes }) }
      const { client, connect, streams } = open({ parts, settings: { maxReceiveBytes } })
      const failed = expect(client.sayHello({})).rejects.toMatchObject({ code: Code.ResourceExhausted })
      await connect()
      const [stream] = streams()
      if (stream !== undefined) hello(stream)
      await failed
    })

    test('of 0 allow the empty message', async () => {
      const { client, connect, streams } = openWith({ maxRequestBytes: 0, maxResponseBytes: 0 })
      const calling = client.sayHello({})
      await connect()
      const [stream] = streams()
      if (stream !== undefined) hello(stream, '')
      expect(await calling).toMatchObject({ message: '' })
    })
  })

  describe('a request that no server processed', () => {
    test('is retried without limit while it never left the client', async () => {
      const { client, connect, streams } = open()
      const calling = client.sayHello({})
      await connect()
      for (let i = 0; i < 10; i++) {
        const stream = streams().at(-1)
        if (stream === undefined) break
        stream.id = 0
        stream.fail({ isUnprocessed: true, source: 'connection' })
      }
      const stream = streams().at(-1)
      if (stream !== undefined) hello(stream)
      await calling
      expect(streams()).toHaveLength(11)
      expect(stream?.head).not.toHaveProperty('grpc-previous-rpc-attempts')
    })

    test('is retried once when policies are off', async () => {
      const parts = { config: configOf({ retryPolicy: RETRY_POLICY }) }
      const { client, connect, streams } = open({ parts, settings: { hasPolicies: false } })
      const failed = expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
      await connect()
      streams()[0]?.fail({ isUnprocessed: true, code: 7 })
      streams()[1]?.fail({ isUnprocessed: true, code: 7 })
      await failed
      expect(streams()).toHaveLength(2)
    })

    test('follows the policy the second time', async () => {
      const { client, clock, connect, streams } = openWith({ retryPolicy: RETRY_POLICY })
      const calling = client.sayHello({})
      await connect()
      streams()[0]?.fail({ isUnprocessed: true, code: 7 })
      streams()[1]?.fail({ isUnprocessed: true, code: 7 })
      clock.advance(1_010)
      const stream = streams()[2]
      if (stream !== undefined) hello(stream)
      await calling
      expect(stream?.head).toMatchObject({ 'grpc-previous-rpc-attempts': '1' })
    })
  })

  describe('closing the channel', () => {
    const CLOSED = { code: Code.Canceled, rawMessage: 'the transport was closed' }

    test('ends a call waiting for its config', async () => {
      const { client, channel } = open({ parts: { config: new LateConfig() } })
      const failed = expect(client.sayHello({})).rejects.toMatchObject(CLOSED)
      await settled()
      channel.close()
      await failed
    })

    test('ends a call waiting for a connection', async () => {
      const { client, channel } = open()
      const failed = expect(client.sayHello({})).rejects.toMatchObject(CLOSED)
      await settled()
      channel.close()
      await failed
    })

    test('ends a call waiting for its response, whatever the policy', async () => {
      const { client, channel, connect, streams, timers } = openWith({ retryPolicy: RETRY_POLICY })
      const failed = expect(client.sayHello({})).rejects.toMatchObject(CLOSED)
      await connect()
      channel.close()
      await failed
      expect(streams().map(({ resetCode }) => resetCode)).toEqual([CANCEL])
      expect(timers.size).toBe(0)
    })

    test('ends a call waiting for its next attempt', async () => {
      const { client, channel, connect, streams, timers } = openWith({ retryPolicy: RETRY_POLICY })
      const failed = expect(client.sayHello({})).rejects.toMatchObject(CLOSED)
      await connect()
      streams()[0]?.finish(Code.Unavailable)
      expect(timers.size).toBe(1)
      channel.close()
      await failed
      expect(timers.size).toBe(0)
    })

    test('fails later calls', async () => {
      const { client, channel } = open({ parts: { config: new LateConfig() } })
      channel.close()
      await expect(client.sayHello({})).rejects.toMatchObject(CLOSED)
    })
  })

  test('invalid metadata ends the call', async () => {
    const { client, connect } = open()
    const failed = expect(client.sayHello({}, { headers: { 'x-a': 'caf\u00e9' } })).rejects.toMatchObject({
      code: Code.Internal,
    })
    await connect()
    await failed
  })

  test('the abort reason is the error, if it is a ConnectError', async () => {
    const { client, connect, streams } = open()
    const controller = new AbortController()
    const failed = expect(client.sayHello({}, { signal: controller.signal })).rejects.toMatchObject({
      code: Code.Aborted,
    })
    await connect()
    controller.abort(new ConnectError('enough', Code.Aborted))
    await failed
    expect(streams()[0]?.resetCode).toBe(CANCEL)
  })
})
