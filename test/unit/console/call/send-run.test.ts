import { expect, it } from 'vitest'
import { SendRun } from '../../../../console/app/call/sending/send-run.ts'
import { splitMessages } from '../../../../console/app/call/sending/split-messages.ts'

function planOf(text: string, send: (text: string) => Promise<void>) {
  const messages = splitMessages(text)
  return { total: messages.length, intervalMs: 0, messageAt: (index: number) => messages[index] ?? null, send }
}

it('sends one message after the other', async () => {
  const sent: string[] = []
  const run = new SendRun(planOf('1\n2\n3', async (text) => void sent.push(text)))
  await expect.poll(() => run.progress.value.state).toBe('done')
  expect(sent).toEqual(['1', '2', '3'])
  expect(run.progress.value).toEqual({ state: 'done', sent: 3, total: 3, fault: null })
})

it('waits until the transport has taken a message', async () => {
  const waiting: (() => void)[] = []
  const run = new SendRun(planOf('1\n2', () => new Promise((resolve) => waiting.push(resolve))))
  await expect.poll(() => waiting.length).toBe(1)
  expect(run.progress.value.sent).toBe(0)
  waiting[0]?.()
  await expect.poll(() => waiting.length).toBe(2)
  expect(run.progress.value.sent).toBe(1)
  waiting[1]?.()
  await expect.poll(() => run.progress.value.state).toBe('done')
})

it('names the line of a message that cannot be sent, and sends none after it', async () => {
  const sent: string[] = []
  const run = new SendRun(
    planOf('a\n\nbad\nc', async (text) => {
      if (text === 'bad') throw new Error('no')
      sent.push(text)
    }),
  )
  await expect.poll(() => run.progress.value.state).toBe('failed')
  expect(run.progress.value).toMatchObject({ sent: 1, fault: 'Line 3: no' })
  expect(sent).toEqual(['a'])
})

it('does not make up for messages that a slow transport has missed', async () => {
  const startedMs = performance.now()
  const sentMs: number[] = []
  const run = new SendRun({
    total: 4,
    intervalMs: 50,
    messageAt: (index) => (index < 4 ? { text: 'x', line: index + 1 } : null),
    async send() {
      sentMs.push(performance.now() - startedMs)
      // The first message takes as long as six others.
      if (sentMs.length === 1) await new Promise((resolve) => setTimeout(resolve, 300))
    },
  })
  await expect.poll(() => run.progress.value.state).toBe('done')
  const [, second = 0, third = 0, fourth = 0] = sentMs
  expect(third - second).toBeGreaterThan(40)
  expect(fourth - third).toBeGreaterThan(40)
})

it('stops at once, even while it waits', async () => {
  let sent = 0
  const run = new SendRun({
    total: null,
    intervalMs: 3_600_000,
    messageAt: () => ({ text: 'x', line: 1 }),
    async send() {
      sent += 1
    },
  })
  await expect.poll(() => sent).toBe(1)
  run.stop()
  await expect.poll(() => run.progress.value.state).toBe('stopped')
  expect(sent).toBe(1)
})
