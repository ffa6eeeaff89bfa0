import { Code, ConnectError } from '@connectrpc/connect'
import { expect, it } from 'vitest'
import { SampleCall } from '../../../../console/app/samples/sample-call.ts'
import { SAMPLE_CALLS } from '../../../../console/app/samples/sample-calls.ts'
import { decodeCall, encodeCall } from '../../../../console/app/saved/call-link.ts'

const SOON = { timeout: 5_000 }

/** A call that collects its requests, and the signals of all calls. */
function collecting() {
  const received: string[] = []
  const signals: AbortSignal[] = []
  const call = new SampleCall<string>(async (requests, signal) => {
    signals.push(signal)
    for await (const request of requests) {
      if (request === 'fail') throw new ConnectError('no such topic', Code.NotFound)
      received.push(request)
    }
    return `${received.length} received`
  })
  return { call, received, signals }
}

it('sends in order, and ends with a summary', async () => {
  const { call, received } = collecting()
  expect(call.state.value).toEqual({ kind: 'idle' })
  call.start('a')
  call.start('not twice')
  call.send('b')
  expect(call.state.value).toEqual({ kind: 'open' })
  call.halfClose()
  call.send('too late')
  await expect.poll(() => call.state.value, SOON).toEqual({ kind: 'ended', summary: '2 received' })
  expect(received).toEqual(['a', 'b'])
})

it('says why it failed, and can start again', async () => {
  const { call, received } = collecting()
  call.start('fail')
  await expect.poll(() => call.state.value, SOON).toEqual({ kind: 'failed', reason: 'NOT_FOUND: no such topic' })
  call.start('again')
  await expect.poll(() => received, SOON).toEqual(['again'])
  expect(call.state.value).toEqual({ kind: 'open' })
})

it('aborts the call when it is left', async () => {
  const { call, signals } = collecting()
  call.start()
  call.leave()
  expect(signals[0]?.aborted).toBe(true)
  expect(call.state.value).toEqual({ kind: 'idle' })
})

it.each(Object.entries(SAMPLE_CALLS))('the call of %s survives a link', async (_name, saved) => {
  expect(await decodeCall(await encodeCall(saved))).toEqual(saved)
})
