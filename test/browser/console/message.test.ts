/** The request editor in a browser: by keyboard, with assistive technology, and under the content security policy of the console. */
import { create } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_duration,
} from '@bufbuild/protobuf/wkt'
import axe from 'axe-core'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { file_kinds_v1_kinds } from '../../gen/kinds/v1/kinds_pb.js'
import { file_orders_v1_orders } from '../../gen/orders/v1/orders_pb.js'
import { launchChromium } from '../../support/chromium.ts'
import { descriptorsOf, type MessagePageOptions, openMessagePage } from './open-message-page.ts'

const { STRING, INT32, BOOL, MESSAGE, GROUP } = FieldDescriptorProto_Type
const { OPTIONAL, REQUIRED, REPEATED } = FieldDescriptorProto_Label
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
  readonly faults: { readonly value: readonly { readonly message: string }[] }
  readonly isPending: { subscribe(onValue: (value: boolean) => void): void }
  setText(text: string): void
}

function textOf(page: Page): Promise<string> {
  return page.evaluate(() => (Reflect.get(globalThis, 'draft') as PageDraft).text.value)
}

async function jsonOf(page: Page): Promise<unknown> {
  return JSON.parse(await textOf(page))
}

async function setText(page: Page, text: string): Promise<void> {
  await page.locator('.draft-editor').waitFor()
  await page.evaluate((next) => (Reflect.get(globalThis, 'draft') as PageDraft).setText(next), text)
}

/** The faults that axe finds, each with where it is. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { run } = Reflect.get(globalThis, 'axe') as typeof axe
    const { violations } = await run()
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  })
}

const FULL = JSON.stringify({
  int32Value: 5,
  uint32Value: -1,
  int64Value: '12',
  boolValue: true,
  stringValue: 'a\nb <b>markup</b>',
  bytesValue: '3q2+7w==',
  enumValue: 9,
  strings: ['a', 'مرحبا'],
  stringToNested: { key1: { text: 'x' } },
  timestamp: '2026-01-31T09:30:00.123456789Z',
  duration: '3661s',
  fieldMask: 'struct,any',
  value: { a: [1, 2] },
  any: { '@type': 'type.googleapis.com/kinds.v1.Nested', text: 'x' },
  nested: { text: 'inner', nope: 1, inner: {} },
  nesteds: [{}, { number: 1 }],
  chosenText: 'x',
  optionalInt32: 3,
})

describe('the form', () => {
  it.each([
    ['double_value', '-1.5e3', { doubleValue: -1500 }],
    ['float_value', 'NaN', { floatValue: 'NaN' }],
    ['int64_value', '9007199254740993', { int64Value: '9007199254740993' }],
    ['uint64_value', '18446744073709551615', { uint64Value: '18446744073709551615' }],
    ['int32_value', 'five', { int32Value: 'five' }],
    ['string_value', 'a "b"\nc', { stringValue: 'a "b"\nc' }],
    ['bytes_value', '3q2+7w==', { bytesValue: '3q2+7w==' }],
    ['optional_string', 'x', { optionalString: 'x' }],
    ['int64_wrapper', '0', { int64Wrapper: '0' }],
    ['timestamp', '2026-01-31T09:30:00.000000001Z', { timestamp: '2026-01-31T09:30:00.000000001Z' }],
    ['duration', '1.5', { duration: '1.5s' }],
    ['field_mask', 'title,author.name', { fieldMask: 'title,author.name' }],
    ['struct', '{"a": [1]}', { struct: { a: [1] } }],
  ])('takes what is typed: %s', async (label, typed, json) => {
    const page = await open()
    await page.getByLabel(label, { exact: true }).focus()
    await page.keyboard.insertText(typed)
    expect(await jsonOf(page)).toEqual(json)
    expect(await page.getByLabel(label, { exact: true }).inputValue()).toBe(typed)
  })

  it('writes each letter into the JSON, and keeps what is no number', async () => {
    const page = await open()
    await page.getByLabel('double_value', { exact: true }).focus()
    const texts: unknown[] = []
    for (const key of ['-', '1', '.', '5']) {
      await page.keyboard.press(key)
      texts.push(await jsonOf(page))
    }
    expect(texts).toEqual([{ doubleValue: '-' }, { doubleValue: -1 }, { doubleValue: '-1.' }, { doubleValue: -1.5 }])
  })

  it('is used by keyboard alone: switches, choices, lists and maps', async () => {
    const page = await open()
    const press = async (target: Locator, ...keys: string[]) => {
      await target.focus()
      for (const key of keys) await page.keyboard.press(key)
    }
    await press(page.getByLabel('bool_value', { exact: true }), 'Space')
    await press(page.getByLabel('enum_value', { exact: true }), 'ArrowDown')
    await press(page.getByLabel('set optional_int32'), 'Space')
    await press(page.getByRole('radio', { name: /^none/ }).first(), 'ArrowDown', 'Tab')
    await page.keyboard.type('chosen')
    await press(page.getByRole('button', { name: 'Add item to strings' }), 'Enter')
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')), SOON)
      .toBe('strings 0')
    await page.keyboard.type('first')
    await press(page.getByRole('button', { name: 'Add item to strings' }), 'Enter')
    await press(page.getByRole('button', { name: 'Move strings 1 up' }), 'Enter')
    // The focus stays with the item.
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')), SOON)
      .toBe('Move strings 0 down')
    await page.keyboard.press('Enter')
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')), SOON)
      .toBe('Move strings 1 up')
    await page.keyboard.press('Enter')
    await press(page.getByRole('button', { name: 'Add entry to string_to_int64' }), 'Enter')
    await press(page.getByLabel('string_to_int64 key1: key'), 'ControlOrMeta+a')
    await page.keyboard.type('__proto__')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('7')
    await press(page.getByRole('button', { name: 'Add message to nested' }), 'Enter')
    expect(await textOf(page)).toBe(
      JSON.stringify(
        JSON.parse(
          '{"boolValue":true,"enumValue":"KIND_ONE","optionalInt32":0,"chosenText":"chosen","strings":["","first"],"stringToInt64":{"__proto__":"7"},"nested":{}}',
        ),
        null,
        2,
      ),
    )
  })

  it('unsets what has presence, and leaves one field of a oneof', async () => {
    const page = await open()
    await setText(page, '{"optionalInt32": 3, "chosenText": "x", "nested": {"text": "y"}}')
    await page.getByLabel('set optional_int32').uncheck()
    await page.getByRole('radio', { name: /^chosen_bool/ }).check()
    await page.getByRole('button', { name: 'Remove nested' }).click()
    expect(await jsonOf(page)).toEqual({ chosenBool: false })
    await page.getByRole('radio', { name: /^none/ }).first().check()
    expect(await jsonOf(page)).toEqual({})
  })

  it('shows octets as text, hexadecimal digits and base64, and takes a file', async () => {
    const page = await open()
    const field = page.locator('.draft-field').filter({ has: page.getByLabel('bytes_value', { exact: true }) })
    const input = field.getByLabel('bytes_value', { exact: true })
    await field.getByLabel('Format').selectOption('hex')
    await input.fill('de ad 0xbe:e')
    expect(await field.locator('.draft-fault').textContent()).toBe('Each octet needs two digits.')
    await input.fill('68 69')
    expect(await jsonOf(page)).toEqual({ bytesValue: 'aGk=' })
    await field.getByLabel('Format').selectOption('text')
    expect(await input.inputValue()).toBe('hi')
    const octets = Buffer.from([0xff, 0x00])
    await field.locator('input[type=file]').setInputFiles({ name: 'a.bin', mimeType: 'text/plain', buffer: octets })
    await expect.poll(() => jsonOf(page), SOON).toEqual({ bytesValue: '/wA=' })
    // It is no text.
    expect(await field.getByLabel('Format').inputValue()).toBe('base64')
  })

  it('picks times in the zone that is chosen, and keeps nanoseconds', async () => {
    const page = await open({ timezoneId: 'Asia/Tokyo' })
    await setText(page, '{"timestamp": "2026-01-31T09:30:00.000000001Z"}')
    const field = page.locator('.draft-field').filter({ has: page.getByLabel('timestamp', { exact: true }) })
    const picker = field.getByLabel('Date and time')
    expect(await picker.inputValue()).toBe('2026-01-31T18:30')
    await picker.fill('2026-02-01T00:00:00')
    expect(await jsonOf(page)).toEqual({ timestamp: '2026-01-31T15:00:00.000000001Z' })
    await field.getByLabel('Time zone').selectOption('utc')
    expect(await picker.inputValue()).toBe('2026-01-31T15:00')
    await field.getByRole('button', { name: 'Now' }).click()
    expect(JSON.stringify(await jsonOf(page))).toMatch(/\d{4}-\d\d-\d\dT[\d:.]+Z/)
  })

  it('makes a message of any type', async () => {
    const page = await open()
    await page.getByRole('button', { name: 'Add message to any' }).click()
    await page.getByLabel('Type', { exact: true }).fill('kinds.v1.Nested')
    const group = page.getByRole('group', { name: /^any/ })
    await group.getByLabel('number', { exact: true }).fill('5')
    expect(await jsonOf(page)).toEqual({ any: { '@type': 'type.googleapis.com/kinds.v1.Nested', number: 5 } })
    await page.getByLabel('Type', { exact: true }).fill('google.protobuf.Duration')
    expect(await jsonOf(page)).toEqual({
      any: { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '0s' },
    })
  })

  it('stays usable with a thousand items', async () => {
    const page = await open()
    await setText(page, JSON.stringify({ strings: Array.from({ length: 1_000 }, (_, index) => `item ${index}`) }))
    await expect.poll(() => page.getByText('1 to 50 of 1000').count(), SOON).toBe(1)
    await page.getByRole('button', { name: 'Next' }).click()
    expect(await page.getByLabel('strings 50', { exact: true }).inputValue()).toBe('item 50')
    expect(await page.locator('.draft-item').count()).toBe(50)
    await page.getByLabel('strings 50', { exact: true }).pressSequentially('0123456789')
    expect(await textOf(page)).toContain('"item 500123456789"')
    await page.getByRole('button', { name: 'Add item to strings' }).click()
    await expect.poll(() => page.getByLabel('strings 1000', { exact: true }).count(), SOON).toBe(1)
  })

  it('passes on what was typed into a long message when the input is left', async () => {
    const page = await open()
    await setText(page, JSON.stringify({ strings: ['x'.repeat(60_000)] }))
    await page.getByLabel('int32_value', { exact: true }).focus()
    await page.keyboard.type('123')
    await page.keyboard.press('Tab')
    expect(await jsonOf(page)).toMatchObject({ int32Value: 123 })
  })

  it('ties faults to their inputs', async () => {
    const page = await open()
    const input = page.getByLabel('uint32_value', { exact: true })
    await input.fill('-1')
    const id = await input.getAttribute('aria-describedby')
    expect(await input.getAttribute('aria-invalid')).toBe('true')
    expect(await page.locator(`[id="${id}"]`).textContent()).toContain('must be a whole number from 0 to 4294967295')
    await page.getByRole('button', { name: /^Line 2/ }).click()
    expect(await page.getByRole('tab', { name: 'JSON' }).getAttribute('aria-selected')).toBe('true')
  })

  it('shows rules of protovalidate, and hints at what breaks them', async () => {
    const page = await open({ type: 'orders.v1.PlaceRequest', descriptors: descriptorsOf(file_orders_v1_orders) })
    const item = page.getByLabel('item', { exact: true })
    const describedBy = async () => {
      const ids = (await item.getAttribute('aria-describedby'))?.split(' ') ?? []
      return Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).textContent()))
    }
    expect(await describedBy()).toEqual(['at least 1 long, at most 20 long', 'item must have at least 1 character.'])
    await item.fill('tea')
    expect(await describedBy()).toEqual(['at least 1 long, at most 20 long'])
    expect(await page.locator('.draft-count').textContent()).toBe('1 hint')
  })

  it('offers an example, and a clean sheet', async () => {
    const page = await open()
    await page.getByRole('button', { name: 'Example' }).click()
    expect(await page.locator('.draft-count').textContent()).toBe('Valid')
    expect(Object.keys((await jsonOf(page)) as object).length).toBeGreaterThan(50)
    await page.getByRole('button', { name: 'Clear' }).click()
    expect(await textOf(page)).toBe('{}')
    // A click too many costs nothing.
    await page.getByRole('button', { name: 'Undo' }).click()
    expect(Object.keys((await jsonOf(page)) as object).length).toBeGreaterThan(50)
    const file = { name: 'call.json', mimeType: 'application/json', buffer: Buffer.from('{"int32Value":9}') }
    await page.locator('.draft-toolbar input[type=file]').setInputFiles(file)
    await expect.poll(() => textOf(page), SOON).toBe('{"int32Value":9}')
    await page.getByRole('button', { name: 'Format' }).click()
    expect(await textOf(page)).toBe('{\n  "int32Value": 9\n}')
  })
})

describe('the JSON', () => {
  /** The code editor, once it has been loaded. */
  async function openCode(page: Page): Promise<Locator> {
    await page.getByRole('tab', { name: 'JSON' }).click()
    const code = page.locator('.cm-content')
    await code.waitFor()
    return code
  }

  it('completes fields, values and types from the descriptor', async () => {
    const page = await open()
    await setText(page, '{\n  \n}')
    const code = await openCode(page)
    await code.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    await page.keyboard.type('"enumV')
    await page.locator('.cm-tooltip-autocomplete').getByText('enumValue').waitFor()
    // Too quick a key press is taken for typing.
    await page.waitForTimeout(200)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Control+Space')
    await page.locator('.cm-tooltip-autocomplete').getByText('KIND_TWO').waitFor()
    await page.waitForTimeout(200)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect.poll(() => jsonOf(page), SOON).toEqual({ enumValue: 'KIND_ONE' })
  })

  it('marks faults, and leaves the cursor in place when the form changes another line', async () => {
    const page = await open({ viewport: { width: 1_400, height: 900 } })
    await setText(page, '{\n  "int32Value": 1,\n  "stringValue": "abc"\n}')
    await page.getByRole('tab', { name: 'Both' }).click()
    const code = page.locator('.cm-content')
    await code.waitFor()
    await code.focus()
    await page.keyboard.press('ControlOrMeta+End')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowLeft')
    await page.getByLabel('int32_value', { exact: true }).fill('12345678901')
    await code.focus()
    await page.keyboard.type('d')
    expect(await jsonOf(page)).toEqual({ int32Value: 12345678901, stringValue: 'abcd' })
    expect(await page.getByLabel('string_value', { exact: true }).inputValue()).toBe('abcd')
    await expect.poll(() => page.locator('.cm-lintRange-error').textContent(), SOON).toBe('12345678901')
  })

  it('lets Tab leave, unless Ctrl+M asks it to indent', async () => {
    const page = await open()
    const code = await openCode(page)
    await code.focus()
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Control+m')
    await page.keyboard.press('Tab')
    expect(await textOf(page)).toBe('  {}')
    await page.keyboard.press('Control+m')
    await page.keyboard.press('Shift+Tab')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('tab')
    expect(await textOf(page)).toBe('  {}')
  })

  it('is a plain text area where the editor can not be loaded', async () => {
    const page = await open({ refused: /code-editor/, expectedComplaints: /503|Failed to fetch/ })
    await page.getByRole('tab', { name: 'JSON' }).click()
    await page.getByText('The editor with completion could not be loaded.').waitFor()
    await page.getByRole('textbox', { name: 'JSON' }).fill('{"int32Value": 5}')
    await page.getByRole('tab', { name: 'Form' }).click()
    expect(await page.getByLabel('int32_value', { exact: true }).inputValue()).toBe('5')
  })

  it('checks five megabytes once typing pauses', async () => {
    const page = await open()
    await setText(page, JSON.stringify({ strings: Array.from({ length: 50_000 }, () => 'x'.repeat(100)) }, null, 1))
    const code = await openCode(page)
    await code.focus()
    await page.keyboard.press('ControlOrMeta+Home')
    await page.evaluate(() => {
      const seen: boolean[] = []
      Reflect.set(globalThis, 'seen', seen)
      const { isPending } = Reflect.get(globalThis, 'draft') as PageDraft
      isPending.subscribe((value) => void seen.push(value))
    })
    await page.keyboard.type('          ')
    expect((await textOf(page)).startsWith('          {')).toBe(true)
    expect(await page.evaluate(() => Reflect.get(globalThis, 'seen'))).toContain(true)
    await expect.poll(() => page.locator('.draft-count').textContent(), SOON).toBe('Valid')
  })
})

describe('a message whose names are hostile', () => {
  /** Fields of proto2, so that there are defaults, groups, required fields and extensions. */
  const hostile = create(FileDescriptorProtoSchema, {
    name: 'hostile.proto',
    package: 'hostile',
    syntax: 'proto2',
    messageType: [
      {
        name: 'M',
        field: [
          { name: 'markup', jsonName: '<img src=x onerror=alert(1)>', number: 1, type: STRING, label: OPTIONAL },
          { name: '__proto__', jsonName: '__proto__', number: 2, type: STRING, label: OPTIONAL },
          { name: 'constructor', jsonName: 'constructor', number: 3, type: STRING, label: REPEATED },
          { name: 'x'.repeat(300), jsonName: 'long', number: 4, type: STRING, label: OPTIONAL },
          { name: 'needed', jsonName: 'needed', number: 5, type: INT32, label: REQUIRED },
          { name: 'preset', jsonName: 'preset', number: 6, type: INT32, label: OPTIONAL, defaultValue: '7' },
          { name: 'old', jsonName: 'old', number: 7, type: BOOL, label: OPTIONAL, options: { deprecated: true } },
          { name: 'self', jsonName: 'self', number: 8, type: MESSAGE, label: OPTIONAL, typeName: '.hostile.M' },
          { name: 'pack', jsonName: 'pack', number: 9, type: GROUP, label: OPTIONAL, typeName: '.hostile.M.Pack' },
        ],
        nestedType: [
          { name: 'Pack', field: [{ name: 'inner', jsonName: 'inner', number: 1, type: STRING, label: OPTIONAL }] },
        ],
        extensionRange: [{ start: 100, end: 200 }],
      },
    ],
    extension: [{ name: 'more', jsonName: 'more', number: 100, type: STRING, label: OPTIONAL, extendee: '.hostile.M' }],
    sourceCodeInfo: {
      location: [
        { path: [4, 0, 2, 0], span: [1, 1, 1], leadingComments: ' <script>alert(1)</script> مرحبا\n' },
        { path: [4, 0, 2, 5], span: [1, 1, 1], trailingComments: ' What is preset.\n' },
      ],
    },
  })

  it('is edited as any other, and its names are text', async () => {
    const descriptors = create(FileDescriptorSetSchema, { file: [hostile] })
    const page = await open({ type: 'hostile.M', descriptors, viewport: { width: 320, height: 700 } })
    await page.getByLabel('markup', { exact: true }).fill('a')
    await page.getByLabel('__proto__', { exact: true }).fill('b')
    await page.getByRole('button', { name: 'Add item to constructor' }).click()
    await page.getByLabel('constructor 0', { exact: true }).fill('c')
    await page.getByRole('button', { name: 'Add message to self' }).click()
    await page.getByRole('button', { name: 'Add message to pack' }).last().click()
    await page.getByLabel('inner', { exact: true }).fill('d')
    await page.getByLabel('[hostile.more]', { exact: true }).last().fill('e')
    await page.getByText('needed is required by hostile.M.').first().waitFor()
    await page.getByLabel('needed', { exact: true }).first().fill('1')
    expect(await textOf(page)).toBe(
      JSON.stringify(
        JSON.parse(
          '{"<img src=x onerror=alert(1)>":"a","__proto__":"b","constructor":["c"],"self":{},"pack":{"inner":"d"},"[hostile.more]":"e","needed":1}',
        ),
        null,
        2,
      ),
    )
    expect(await page.getByLabel('preset', { exact: true }).first().getAttribute('placeholder')).toBe('default: 7')
    expect(await page.getByText('<script>alert(1)</script>').first().isVisible()).toBe(true)
    expect(await page.locator('img, script:not([src])').count()).toBe(0)
    expect(await violationsOf(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
      0,
    )
  })
})

describe('without accessibility violations', () => {
  it.each([
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['forced', { forcedColors: 'active' }],
    ['phone', { viewport: { width: 320, height: 700 } }],
  ] as const)('%s', async (_, look) => {
    const page = await open(look)
    await setText(page, FULL)
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole('tab', { name: 'JSON' }).click()
    await page.locator('.cm-content').waitFor()
    expect(await violationsOf(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
      0,
    )
  })
})
