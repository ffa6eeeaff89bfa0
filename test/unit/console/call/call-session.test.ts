import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import type { Api } from '../../../../console/app/api/api.ts'
import { CallForm } from '../../../../console/app/call/call-form.ts'
import { type CallPage, CallSession } from '../../../../console/app/call/call-session.ts'
import { CallSessions } from '../../../../console/app/call/call-sessions.ts'
import { textSender } from '../../../../console/app/call/sending/text-sender.ts'
import type { CallContext } from '../../../../console/app/call/start-call.ts'
import { callContext, FACTS } from '../../../support/console/call-context.ts'

function methodOf(api: Api, name: string) {
  const method = api.methodOf(`greeter.v1.GreeterService/${name}`)
  if (method === undefined) throw new Error(`no method ${name}`)
  return method
}

/** A server that takes connections, and never answers. */
async function silentContext(): Promise<CallContext> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return callContext(`http://127.0.0.1:${address.port}`)
}

function pageOf(context: CallContext | null): CallPage {
  return { context: () => context, onEnd() {} }
}

async function sessionOf(name: string) {
  const context = await silentContext()
  const session = new CallSession(
    new CallForm(methodOf(context.api, name), FACTS, context.api.registry),
    pageOf(context),
  )
  onTestFinished(() => session.leave())
  return session
}

it('a call that is still being started as the user leaves is cancelled', async () => {
  const session = await sessionOf('AllStream')
  const opened = session.openStream()
  session.leave()
  await opened
  const status = await session.call.value?.ended
  expect(status?.code).toBe('CANCELLED')
})

it('a method with one request is not called again while its call runs', async () => {
  const session = await sessionOf('SayHello')
  await Promise.all([session.sendDraft(), session.sendDraft()])
  const first = session.call.value
  await session.sendDraft()
  expect(session.fault.value).toBe(null)
  expect(session.call.value).toBe(first)
  expect(first?.state.value).not.toBe('ended')
})

it('many messages do not go over to another call when theirs has ended', async () => {
  const session = await sessionOf('AllStream')
  const send = textSender(session)
  const first = send('{"topic":"a"}').catch(() => {})
  await expect.poll(() => session.call.value?.state.value).toBe('open')
  const call = session.call.value
  call?.cancel()
  await Promise.all([first, call?.ended])
  await expect(send('{"topic":"b"}')).rejects.toThrow()
  expect(session.call.value).toBe(call)
})

it('a text that is no message opens no call', async () => {
  const session = await sessionOf('AllStream')
  await expect(textSender(session)('{"topik":"a"}')).rejects.toThrow('topik')
  expect(session.call.value).toBe(null)
})

it('keeps all digits of numbers in texts', async () => {
  const context = await silentContext()
  const sent: unknown[] = []
  const { input } = methodOf(context.api, 'GetStream')
  const send = textSender({
    schema: input,
    registry: context.api.registry,
    draftText: () => '',
    openSender: async () => async (message) => void sent.push(message),
  })
  await send('{"afterSequence": 9007199254740993}')
  expect(sent).toMatchObject([{ afterSequence: 9007199254740993n }])
})

it('what was typed survives another load of the API', () => {
  const [before, after] = [callContext('http://127.0.0.1'), callContext('http://127.0.0.1')]
  const sessions = new CallSessions(pageOf(null))
  const first = sessions.of(methodOf(before.api, 'SayHello'), FACTS, before.api)
  expect(sessions.of(methodOf(before.api, 'SayHello'), FACTS, before.api)).toBe(first)
  first.form.draft.setText('{"name":"Ada"}')
  first.form.addHeader('authorization', 'Bearer secret')
  first.form.deadline.value = '2'
  first.form.protocol.value = 'rest'
  const second = sessions.of(methodOf(after.api, 'SayHello'), FACTS, after.api)
  expect(second).not.toBe(first)
  expect(second.form.method).toBe(methodOf(after.api, 'SayHello'))
  expect(second.form.draft.text.value).toBe('{"name":"Ada"}')
  expect(second.form.toInit()).toMatchObject({
    headers: [['authorization', 'Bearer secret']],
    timeoutMs: 2,
    protocol: 'rest',
  })
})

it('the calls of methods that the user has not been to for long are forgotten, but not what was typed', async () => {
  const context = await silentContext()
  const sessions = new CallSessions(pageOf(context))
  const names = context.api.services.flatMap(({ methods }) => methods.map(({ name }) => name))
  expect(names.length).toBeGreaterThan(4)
  const [oldest = '', ...others] = names
  const old = sessions.of(methodOf(context.api, oldest), FACTS, context.api)
  old.form.deadline.value = '7'
  const opened = old.sendDraft()
  await expect.poll(() => old.call.value).not.toBe(null)
  old.leave()
  await Promise.all([opened, old.call.value?.ended])
  for (const name of others.slice(0, 3)) sessions.of(methodOf(context.api, name), FACTS, context.api)
  expect(old.call.value).not.toBe(null)
  sessions.of(methodOf(context.api, others[3] ?? ''), FACTS, context.api)
  expect(old.call.value).toBe(null)
  expect(sessions.of(methodOf(context.api, oldest), FACTS, context.api).form.deadline.value).toBe('7')
})
