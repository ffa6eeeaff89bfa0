/** The navigation: its rows, and what keys do there. */
import { describe, expect, it } from 'vitest'
import { packagesOf } from '../../../../console/app/api/packages.ts'
import { titleOf } from '../../../../console/app/shell/title-of.ts'
import { treeKeyAction } from '../../../../console/app/shell/tree-keys.ts'
import { firstOpenKeys, parentIndex, treeRows } from '../../../../console/app/shell/tree-rows.ts'
import { apiOf } from '../../../support/console/api-of.ts'

function serviceText(name: string, methods: number): string {
  return `service ${name} { ${Array.from({ length: methods }, (_, turn) => `rpc Do${turn}(M) returns (M);`).join(' ')} }`
}

const HEAD = 'syntax = "proto3"; package'
const few = apiOf({
  'a.proto': `${HEAD} a.v1; message M {} ${serviceText('Alpha', 2)} ${serviceText('Beta', 1)}`,
  'b.proto': `${HEAD} b.v1; message M {} ${serviceText('Zeta', 0)}`,
})
const packages = packagesOf(few.services)
const rows = treeRows(packages, firstOpenKeys(packages))
const KEYS = [
  'package:a.v1',
  'service:a.v1.Alpha',
  'method:a.v1.Alpha/Do0',
  'method:a.v1.Alpha/Do1',
  'service:a.v1.Beta',
  'method:a.v1.Beta/Do0',
  'package:b.v1',
  'service:b.v1.Zeta',
]

describe('rows', () => {
  it('are all open at first for a small API', () => {
    expect(rows.map(({ key }) => key)).toEqual(KEYS)
    expect(rows.map(({ position, siblings }) => `${position}/${siblings}`)).toEqual([
      '1/2',
      '1/2',
      '1/2',
      '2/2',
      '2/2',
      '1/1',
      '2/2',
      '1/1',
    ])
    expect(rows.map((_, index) => parentIndex(rows, index))).toEqual([-1, 0, 1, 1, 0, 4, -1, 6])
  })

  it('are only packages and services at first for a large one', () => {
    const many = packagesOf(apiOf({ 'c.proto': `${HEAD} c.v1; message M {} ${serviceText('Large', 41)}` }).services)
    expect(treeRows(many, firstOpenKeys(many)).map(({ key }) => key)).toEqual(['package:c.v1', 'service:c.v1.Large'])
  })
})

it('are in the order that people expect of numbers', () => {
  const text = `${HEAD} c.v1; message M {} ${['S10', 'S2', 'S1'].map((name) => serviceText(name, 0)).join(' ')}`
  const [group] = packagesOf(apiOf({ 'c.proto': text }).services)
  expect(group?.services.map(({ name }) => name)).toEqual(['S1', 'S2', 'S10'])
})

describe('keys', () => {
  const act = (key: string, active: number, modifiers = {}) => {
    return treeKeyAction({ key, ctrlKey: false, metaKey: false, altKey: false, ...modifiers }, rows, active)
  }
  const move = (index: number) => ({ kind: 'move', key: KEYS[index] })

  it.each([
    ['ArrowDown', 0, move(1)],
    ['ArrowDown', 7, move(7)],
    ['ArrowUp', 0, move(0)],
    ['ArrowUp', 3, move(2)],
    ['Home', 5, move(0)],
    ['End', 0, move(7)],
    ['PageDown', 0, move(7)],
    ['ArrowRight', 1, move(2)],
    ['ArrowRight', 2, undefined],
    ['ArrowLeft', 2, move(1)],
    ['ArrowLeft', 1, { kind: 'open', key: KEYS[1], isOpen: false }],
    ['Enter', 2, { kind: 'follow' }],
    [' ', 2, { kind: 'follow' }],
    ['b', 0, move(4)],
    ['d', 2, move(3)],
    ['D', 5, move(2)],
    ['x', 0, undefined],
    ['Tab', 0, undefined],
    ['👍', 0, undefined],
  ])('%s at row %i', (key, active, action) => {
    expect(act(key, active)).toEqual(action)
  })

  it('open what is closed, and leave the shortcuts of the browser alone', () => {
    const closed = treeRows(packages, new Set())
    const pressed = { key: 'ArrowRight', ctrlKey: false, metaKey: false, altKey: false }
    expect(treeKeyAction(pressed, closed, 0)).toEqual({ kind: 'open', key: 'package:a.v1', isOpen: true })
    for (const modifier of ['ctrlKey', 'metaKey', 'altKey'])
      expect(act('ArrowDown', 0, { [modifier]: true })).toBeUndefined()
    expect(treeKeyAction(pressed, [], 0)).toBeUndefined()
  })
})

it.each([
  ['overview', '', 'Overview · Shop'],
  ['method', 'a.v1.B/Do', 'Do · a.v1.B · Shop'],
  ['message', 'a.v1.M', 'a.v1.M · Shop'],
] as const)('the title of %s says what it shows', (view, name, title) => {
  expect(titleOf({ view, name }, 'Shop')).toBe(title)
})
