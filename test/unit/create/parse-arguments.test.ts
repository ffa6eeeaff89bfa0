import { expect, test } from 'vitest'
import { parseArguments } from '../../../create/src/parse-arguments.ts'

const NOTHING = { kind: 'create', name: undefined, template: undefined, installs: false }

test.each([
  [[], NOTHING],
  [['shop'], { ...NOTHING, name: 'shop' }],
  [['shop', '--template', 'service+web'], { ...NOTHING, name: 'shop', template: 'service+web' }],
  [['--template=service', 'shop', '--install'], { ...NOTHING, name: 'shop', template: 'service', installs: true }],
  [['-t', 'service', '.'], { ...NOTHING, name: '.', template: 'service' }],
  [['--', '-shop'], { ...NOTHING, name: '-shop' }],
  [['shop', '--help'], { kind: 'help' }],
  [['-h'], { kind: 'help' }],
  [['--version', 'shop'], { kind: 'version' }],
  [['-v'], { kind: 'version' }],
])('%j are parsed', (args, expected) => {
  expect(parseArguments(args)).toEqual(expected)
})

test.each([
  [['--templates', 'service'], 'unknown option --templates'],
  [['-x'], 'unknown option -x'],
  [['--constructor'], 'unknown option --constructor'],
  [['--template'], '--template must be one of: service, service+web'],
  [['--template', 'web'], '--template must be one of: service, service+web'],
  [['--template=toString'], '--template must be one of: service, service+web'],
  [['-t='], '-t must be one of: service, service+web'],
  [['--install=no'], '--install takes no value'],
  [['--help=yes'], '--help takes no value'],
  [['shop', 'cart'], 'unexpected argument "cart": give one name'],
])('%j are rejected', (args, message) => {
  expect(parseArguments(args)).toEqual({ kind: 'fault', message })
})
