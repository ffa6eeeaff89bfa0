/** Typing into the request editor: nothing that is typed is lost, moved or sent before it can be read. */
import { file_google_protobuf_duration } from '@bufbuild/protobuf/wkt'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { file_kinds_v1_kinds } from '../../gen/kinds/v1/kinds_pb.js'
import { launchChromium } from '../../support/chromium.ts'
import { descriptorsOf, type MessagePageOptions, openMessagePage } from './open-message-page.ts'

const SOON = { timeout: 15_000 }
const DESCRIPTORS = descriptorsOf(file_kinds_v1_kinds, file_google_protobuf_duration)

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
})

function open(options: Partial<MessagePageOptions> = {}): Promise<Page> {
  return openMessagePage(browser, { type: 'kinds.v1.Kinds', descriptors: DESCRIPTORS, ...options })
}

/** What the draft of the page holds. */
interface PageDraft {
  readonly text: { readonly value: string }
  readonly message: { readonly value: unknown }
  setText(text: string): void
  typeText(text: string): void
}

function textOf(page: Page): Promise<string> {
  return page.evaluate(() => (Reflect.get(globalThis, 'draft') as PageDraft).text.value)
}

function canBeSent(page: Page): Promise<boolean> {
  return page.evaluate(() => (Reflect.get(globalThis, 'draft') as PageDraft).message.value !== null)
}

async function setText(page: Page, text: string): Promise<void> {
  await page.locator('.draft-editor').waitFor()
  await page.evaluate((next) => (Reflect.get(globalThis, 'draft') as PageDraft).setText(next), text)
}

it('keeps lines of JSON as they are typed, and the cursor where it is', async () => {
  const page = await open()
  await setText(page, '{\n  "value": null\n}')
  const input = page.getByLabel('value', { exact: true })
  await input.fill('')
  const typed = '{"a":\n  [1,\n2 ], "b":\n\ntrue}'
  await input.pressSequentially(typed)
  expect(await input.inputValue()).toBe(typed)
  for (let moves = 0; moves < 7; moves++) await page.keyboard.press('ArrowLeft')
  await page.keyboard.type('  ')
  expect(await input.inputValue()).toBe('{"a":\n  [1,\n2 ], "b":  \n\ntrue}')
  expect(JSON.parse(await textOf(page))).toEqual({ value: { a: [1, 2], b: true } })
})

it.each([
  ['value', '{"value": 1}', '{"a": ', 'A value is missing.'],
  ['bytes_value', '{"bytesValue": "YQ=="}', '!', 'This is not base64.'],
])('sends nothing older while %s cannot be read', async (label, text, typed, fault) => {
  const page = await open()
  await setText(page, text)
  const input = page.getByLabel(label, { exact: true })
  await input.fill(typed)
  await expect.poll(() => canBeSent(page), SOON).toBe(false)
  expect(await input.getAttribute('aria-invalid')).toBe('true')
  const ids = (await input.getAttribute('aria-describedby'))?.split(' ') ?? []
  const texts = await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).textContent()))
  expect(texts.join('')).toContain(fault)
  await input.fill('')
  await expect.poll(() => canBeSent(page), SOON).toBe(true)
})

it('sends nothing while two entries of a map would have one key', async () => {
  const page = await open()
  await setText(page, '{"stringToInt64": {"a": 1, "b": 2}}')
  const key = page.getByLabel('string_to_int64 b: key')
  await key.fill('a')
  await expect.poll(() => canBeSent(page), SOON).toBe(false)
  await page.getByRole('button', { name: 'Remove string_to_int64 b' }).click()
  await expect.poll(() => canBeSent(page), SOON).toBe(true)
  expect(await textOf(page)).toBe('{"stringToInt64": {"a": 1}}')
})

it('leaves the form in place while the JSON beside it is typed', async () => {
  const page = await open({ viewport: { width: 1_400, height: 900 } })
  await setText(page, '{\n  "nested": {"text": "x"}\n}')
  await page.getByRole('tab', { name: 'Both' }).click()
  await page.getByRole('button', { name: 'Fold nested' }).click()
  const code = page.locator('.cm-content')
  await code.waitFor()
  await code.focus()
  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.type(' x')
  await page.getByText('The form returns once the JSON has no syntax errors.').waitFor()
  expect(await page.getByText('Nested with 1 field set').isVisible()).toBe(true)
  expect(await page.locator('[inert]').count()).toBe(1)
  await page.keyboard.press('Backspace')
  await expect.poll(() => page.locator('[inert]').count(), SOON).toBe(0)
  expect(await page.getByText('Nested with 1 field set').isVisible()).toBe(true)
})

it('keeps what an Any holds while its type is typed anew', async () => {
  const page = await open()
  const text = '{"any": {"@type": "type.googleapis.com/kinds.v1.Nested", "number": 5}}'
  await setText(page, text)
  const type = page.getByLabel('Type', { exact: true })
  await type.focus()
  await page.keyboard.press('End')
  await page.keyboard.type('x')
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Tab')
  expect(await textOf(page)).toBe(text)
})

it('formats what was typed last, although it is long', async () => {
  const page = await open()
  const long = `{"stringValue": "${'x'.repeat(60_000)}"}`
  await setText(page, long)
  await page.evaluate((text) => {
    const draft = Reflect.get(globalThis, 'draft') as PageDraft
    draft.typeText(text.replace('{', '{"int32Value": 7, '))
    const buttons = [...document.querySelectorAll('button')]
    buttons.find((button) => button.textContent === 'Format')?.click()
  }, long)
  expect(JSON.parse(await textOf(page))).toMatchObject({ int32Value: 7 })
})

it('shows large files as their size, and refuses larger ones', async () => {
  const page = await open()
  const field = page.locator('.draft-field').filter({ has: page.getByLabel('bytes_value', { exact: true }) })
  const pick = (bytes: number) =>
    page.evaluate((size) => {
      const input = document.querySelector<HTMLInputElement>('.draft-bytes input[type=file]')
      const files = new DataTransfer()
      files.items.add(new File([new Uint8Array(size)], 'a.bin'))
      if (input === null) return
      input.files = files.files
      input.dispatchEvent(new Event('change', { bubbles: true }))
    }, bytes)
  await field.waitFor()
  await pick(32 * 1024 * 1024 + 1)
  await page.getByText('a.bin is larger than 32 MiB.').waitFor()
  await pick(4 * 1024 * 1024)
  await page.getByText('4194304 bytes').waitFor()
  await page.getByText('Too long to show here; the JSON has it.').waitFor()
  expect((await textOf(page)).length).toBeGreaterThan(5_000_000)
})

it('takes the digits of a year one by one in the picker of times, also of years before time zones', async () => {
  const page = await open({ timezoneId: 'Asia/Tokyo' })
  await setText(page, '{"timestamp": "2026-01-31T09:30:05.000000001Z"}')
  await page.getByLabel('timestamp', { exact: true }).focus()
  // To the picker, and from the month by the day to the year.
  for (let steps = 0; steps < 3; steps++) await page.keyboard.press('Tab')
  await page.keyboard.type('1999')
  expect(JSON.parse(await textOf(page))).toEqual({ timestamp: '1999-01-31T09:30:05.000000001Z' })
})
