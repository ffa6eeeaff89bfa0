/** Calls from the console in Chromium: every mode by every protocol that carries it, and what can go wrong. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.js'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { launchChromium } from '../../support/chromium.ts'
import {
  chooseProtocol,
  fillRequest,
  sendButton,
  showMethod,
  statusOf,
  timelineRows,
} from '../../support/console/call-page.ts'
import { faultsInLooks } from '../../support/console/faults-of.ts'
import { openConsole, startConsole } from '../../support/console/open-console.ts'
import { builtConsole } from '../../support/console-app.ts'
import { startCuttableProxy } from '../../support/cuttable-proxy.ts'
import { startRoutes } from '../../support/demo-server.ts'
import { oneOfEach, repetitions } from '../../support/depth.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 15_000 }
const NETWORK_ERROR = /Failed to load resource|WebSocket connection to/
const GREETER = 'greeter.v1.GreeterService'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
  // The first test does not pay for the build.
  await builtConsole()
}, 120_000)

afterAll(async () => {
  await browser.close()
})

async function expectStatus(page: Page, text: string | RegExp): Promise<void> {
  const shown = expect.poll(() => statusOf(page).textContent(), SOON)
  await (typeof text === 'string' ? shown.toBe(text) : shown.toMatch(text))
}

/** The texts of the messages that have been received, of the rows in sight. */
async function receivedTexts(page: Page): Promise<string[]> {
  return page.locator('.timeline-row.is-received .timeline-text').allTextContents()
}

async function open(method: string, quoteIntervalMs = 20) {
  const { page, server } = await openConsole(browser, {
    route: `/method/${GREETER}/${method}`,
    demo: { quoteIntervalMs },
    expectedComplaints: NETWORK_ERROR,
    viewport: { width: 1400, height: 1000 },
  })
  await page.getByRole('heading', { level: 1, name: method }).waitFor()
  return { page, server }
}

const PROTOCOLS = ['Connect', 'gRPC-Web', 'WebSocket', 'REST']
const UNARY_AND_STREAM = PROTOCOLS.flatMap((protocol) => [
  { protocol, method: 'SayHello' },
  { protocol, method: 'GetStream' },
])

it.each(oneOfEach(UNARY_AND_STREAM, ({ protocol }) => protocol))(
  '$method by $protocol',
  async ({ protocol, method }) => {
    const { page } = await open(method)
    await chooseProtocol(page, protocol)
    await (method === 'SayHello' ? expectUnaryResponse : expectStream)(page)
  },
)

async function expectUnaryResponse(page: Page): Promise<void> {
  await fillRequest(page, { name: 'Zoë <b>' })
  await sendButton(page).click()
  await expectStatus(page, 'OK')
  await expect.poll(() => page.locator('.message-body pre').textContent(), SOON).toContain('"Hello Zoë <b>"')
  await page.getByRole('tab', { name: 'Headers' }).click()
  await expect.poll(() => page.locator('.call-fields').first().textContent(), SOON).toContain('content-type')
}

async function expectStream(page: Page): Promise<void> {
  await fillRequest(page, { topic: 'stocks/ACME', limit: 5 })
  await page.keyboard.press('Control+Enter')
  await expectStatus(page, 'OK')
  const texts = await receivedTexts(page)
  expect(texts.map((text) => JSON.parse(text).sequence)).toEqual(['1', '2', '3', '4', '5'])
}

describe('by WebSocket', () => {
  it('a page that is busy as the server closes gets the trailers', async () => {
    const { page } = await open('GetStream')
    await chooseProtocol(page, 'WebSocket')
    await fillRequest(page, { topic: 'stocks/ACME', limit: 3 })
    let last = ''
    for (let turn = 0; turn < repetitions({ narrow: 5, deep: 15 }); turn++) {
      await page.keyboard.press('Control+Enter')
      await expect.poll(async () => (await receivedTexts(page))[2] ?? last, SOON).not.toBe(last)
      await expectStatus(page, 'OK')
      last = (await receivedTexts(page))[2] ?? ''
    }
  })

  it('a client stream sends each message by hand, and ends with the half-close', async () => {
    const { page } = await open('PutStream')
    for (const data of ['one', 'two']) {
      await fillRequest(page, { topic: 'rooms/a', data })
      await sendButton(page).click()
    }
    await expect.poll(() => page.locator('.timeline-row.is-sent').count(), SOON).toBe(2)
    await page.getByRole('button', { name: 'Half-close' }).click()
    await expectStatus(page, 'OK')
    expect(JSON.parse((await receivedTexts(page))[0] ?? '')).toMatchObject({ accepted: '2' })
  })

  it('a bidirectional stream receives while it sends', async () => {
    const { page } = await open('AllStream')
    await fillRequest(page, { topic: 'rooms/b' })
    await sendButton(page).click()
    for (const data of ['one', '<img src=x>', 'مرحبا']) {
      await fillRequest(page, { topic: 'rooms/b', data })
      await sendButton(page).click()
      await expect.poll(async () => (await receivedTexts(page)).join(), SOON).toContain(data)
    }
    await page.getByRole('button', { name: 'Half-close' }).click()
    await expectStatus(page, 'OK')
  })

  it('messages are sent from a file, up to the line that has a fault', async () => {
    const { page } = await open('PutStream')
    await page.getByText('Send many').click()
    const lines = [1, 2, 3].map((data) => JSON.stringify({ topic: 'rooms/c', data: `line ${data}` }))
    const picked = page.locator('input[type="file"][accept*="ndjson"]')
    await picked.setInputFiles({
      name: 'ok.ndjson',
      mimeType: 'application/x-ndjson',
      buffer: Buffer.from(lines.join('\n')),
    })
    await page.getByText('Sent all: 3 of 3').waitFor()
    const faulty = [lines[0], '', '{"nope":1}', lines[1]].join('\n')
    await picked.setInputFiles({ name: 'bad.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(faulty) })
    await page.getByText(/Line 3: .*nope/).waitFor()
    await page.getByRole('button', { name: 'Half-close' }).click()
    await expectStatus(page, 'OK')
    expect(JSON.parse((await receivedTexts(page))[0] ?? '')).toMatchObject({ accepted: '4' })
  })

  it('messages are sent on a timer, with variables', async () => {
    const { page } = await open('AllStream')
    await fillRequest(page, '{"topic":"rooms/d","data":"tick {{index}}"}')
    await page.getByText('Send many').click()
    await page.getByLabel('Every (ms)').fill('10')
    await page.getByLabel('Times (0: until stopped)').fill('4')
    await page.getByRole('button', { name: 'Start the timer' }).click()
    await page.getByText('Sent all: 4 of 4').waitFor()
    await expect
      .poll(async () => (await receivedTexts(page)).map((text) => JSON.parse(text).data), SOON)
      .toEqual(['tick 1', 'tick 2', 'tick 3', 'tick 4'])
  })
})

it('what a protocol cannot carry is disabled, with the reason', async () => {
  const { page } = await open('AllStream')
  for (const name of ['Connect', 'gRPC-Web', 'REST', 'gRPC']) {
    expect(await page.getByRole('radio', { name, exact: true }).isDisabled()).toBe(true)
  }
  await page.getByText('Connect, gRPC-Web, REST: Browsers cannot send a stream').waitFor()
})

it('an error shows its details, and a link to sign in where it is about that', async () => {
  const { origin } = await startRoutes({
    console: { folder: await builtConsole() },
    routes: (router) =>
      router.service(GreeterService, {
        sayHello({ name }) {
          if (name === '') throw new ConnectError('who are you?', Code.Unauthenticated)
          const detail = { fieldViolations: [{ field: 'name', description: 'is <too> short' }] }
          throw new ConnectError('look at the name', Code.InvalidArgument, undefined, [
            { desc: BadRequestSchema, value: detail },
          ])
        },
      }),
  })
  const page = await openPage(browser, origin, {
    path: '/console/',
    view: `/method/${GREETER}/SayHello`,
    expectedComplaints: NETWORK_ERROR,
  })
  await fillRequest(page, { name: 'A' })
  await sendButton(page).click()
  await expectStatus(page, 'INVALID_ARGUMENT')
  const detail = page.getByRole('region', { name: 'Detail google.rpc.BadRequest' })
  await expect.poll(() => detail.textContent(), SOON).toContain('is <too> short')
  await fillRequest(page, {})
  await sendButton(page).click()
  await expectStatus(page, 'UNAUTHENTICATED')
  await page.locator('.call-response').getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('dialog', { name: 'Credentials' }).waitFor()
})

it('says that the server is down, and calls it again once it is back', async () => {
  const server = await startConsole({ quoteIntervalMs: 20 })
  const proxy = await startCuttableProxy(server.port)
  const page = await openPage(browser, proxy.origin, {
    path: '/console/',
    view: `/method/${GREETER}/GetStream`,
    expectedComplaints: NETWORK_ERROR,
  })
  await fillRequest(page, { topic: 'stocks/ACME' })
  await sendButton(page).click()
  await expect.poll(() => timelineRows(page).count(), SOON).toBeGreaterThan(3)
  proxy.cut()
  await expectStatus(page, 'UNAVAILABLE')
  await page.getByText('The server does not answer: it is down').waitFor()
  proxy.mend()
  await sendButton(page).click()
  await expectStatus(page, 'Receiving')
})

it.each(oneOfEach(['Connect', 'WebSocket'], () => '', 1))(
  'a page that stands still stops the server, by %s',
  async (protocol) => {
    let yielded = 0
    const { origin } = await startRoutes({
      console: { folder: await builtConsole() },
      routes: (router) =>
        router.service(GreeterService, {
          async *getStream(_request, { signal }) {
            for (; !signal.aborted; yielded++) yield { sequence: BigInt(yielded), data: 'x'.repeat(65_000) }
          },
        }),
    })
    const page = await openPage(browser, origin, {
      path: '/console/',
      view: `/method/${GREETER}/GetStream`,
      expectedComplaints: NETWORK_ERROR,
    })
    await chooseProtocol(page, protocol)
    await fillRequest(page, {})
    await sendButton(page).click()
    await expect.poll(() => yielded, SOON).toBeGreaterThan(300)
    const stopped = page.evaluate(() => {
      for (const endMs = performance.now() + 4_000; performance.now() < endMs; );
    })
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const standing = yielded
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    // The buffers of sockets and of the browser are full by then.
    expect(yielded - standing).toBeLessThan(30)
    await stopped
    await expect.poll(() => yielded, SOON).toBeGreaterThan(standing + 100)
    await page.locator('.call-request').getByRole('button', { name: 'Cancel' }).click()
    await expectStatus(page, 'CANCELLED')
  },
)

describe('the time line', () => {
  it('pauses and goes on counting, filters, and shows a message whole', async () => {
    const { page } = await open('GetStream')
    await fillRequest(page, { topic: 'stocks/ACME' })
    await sendButton(page).click()
    await expect.poll(() => timelineRows(page).count(), SOON).toBeGreaterThan(4)
    await page.getByRole('button', { name: 'Pause' }).click()
    const before = await timelineRows(page).count()
    await page.getByText(/Paused: \d+ new entr/).waitFor()
    await expect.poll(() => page.locator('.call-figures').textContent(), SOON).toMatch(/Received(?:[2-9]\d|\d{3})/)
    expect(await timelineRows(page).count()).toBe(before)
    await page.getByLabel('Filter messages by text').fill('"sequence":"2"')
    await expect.poll(() => timelineRows(page).count(), SOON).toBe(1)
    await timelineRows(page).first().click()
    await page.getByRole('region', { name: 'Selected entry' }).getByText('"stocks/ACME"').waitFor()
    await page.getByLabel('Direction of messages').selectOption('sent')
    await expect.poll(() => timelineRows(page).count(), SOON).toBe(0)
    await page.locator('.call-request').getByRole('button', { name: 'Cancel' }).click()
    await expectStatus(page, 'CANCELLED')
  })

  it('is saved as NDJSON', async () => {
    const { page } = await open('GetStream')
    await fillRequest(page, { topic: 'stocks/ACME', limit: 3 })
    await sendButton(page).click()
    await expectStatus(page, 'OK')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.timeline-toolbar').getByRole('button', { name: 'Save' }).click(),
    ])
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk))
    const lines = Buffer.concat(chunks)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter(({ direction }) => direction === 'received').map(({ message }) => message.sequence)).toEqual([
      '1',
      '2',
      '3',
    ])
    expect(lines.at(-1)?.end?.code).toBe('OK')
  })
})

it('a deadline ends a call', async () => {
  const { page } = await open('GetStream')
  await fillRequest(page, { topic: 'stocks/ACME' })
  await page.getByText('Headers and deadline').click()
  await page.getByLabel('Deadline').fill('300ms')
  await sendButton(page).click()
  await expectStatus(page, 'DEADLINE_EXCEEDED')
  await page.getByText('longer than its deadline of 300 ms').waitFor()
})

it('leaving the page of a method ends its call', async () => {
  const { page } = await open('GetStream')
  await fillRequest(page, { topic: 'stocks/ACME' })
  await sendButton(page).click()
  await expectStatus(page, 'Receiving')
  const failed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/GetStream'))
  await showMethod(page, `${GREETER}/SayHello`)
  await failed
})

it('compares the protocols', async () => {
  const { page } = await open('SayHello')
  await fillRequest(page, { name: 'Ada' })
  await page.getByRole('tab', { name: 'Compare' }).click()
  await page.getByLabel('Calls by each protocol').selectOption('10')
  await page.locator('.call-response').getByRole('button', { name: 'Compare' }).click()
  const rows = page.locator('.call-response tbody tr')
  await expect
    .poll(async () => (await rows.allTextContents()).map((text) => text.replace(/OK(first|same).*$/, ' $1')), SOON)
    .toEqual(['Connect first', 'gRPC-Web same', 'WebSocket same', 'REST same'])
})

it('is accessible in light, dark and forced colours', async () => {
  const { page } = await open('AllStream')
  await page.getByText('Headers and deadline').click()
  await page.getByRole('button', { name: 'Add a header' }).click()
  await page.getByText('Send many').click()
  await fillRequest(page, { topic: 'rooms/axe', data: 'hello' })
  await sendButton(page).click()
  await expect.poll(() => page.locator('.timeline-row.is-received').count(), SOON).toBe(1)
  await page.locator('.timeline-row.is-received').click()
  await page.getByText('Throughput and latency').click()
  await page.locator('.line-chart canvas').first().waitFor()
  expect(await faultsInLooks(page)).toEqual([])
  await showMethod(page, `${GREETER}/SayHello`)
  await fillRequest(page, { name: 'Ada' })
  await sendButton(page).click()
  await expectStatus(page, 'OK')
  expect(await faultsInLooks(page, 1)).toEqual([])
  await page.getByRole('tab', { name: 'Compare' }).click()
  await page.locator('.call-response').getByRole('button', { name: 'Compare' }).click()
  await page.getByText('Bodies by REST').waitFor()
  expect(await faultsInLooks(page, 2)).toEqual([])
})
