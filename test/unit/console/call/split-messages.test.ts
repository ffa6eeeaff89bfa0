import { describe, expect, it } from 'vitest'
import { splitMessages } from '../../../../console/app/call/sending/split-messages.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

describe('lines', () => {
  it('are messages with their numbers, whatever ends them', () => {
    expect(splitMessages('{"a":1}\n\r\n  {"b":2}  \r{"c":3}')).toEqual([
      { text: '{"a":1}', line: 1 },
      { text: '{"b":2}', line: 3 },
      { text: '{"c":3}', line: 4 },
    ])
  })

  it.each(['', '\n\n', '\ufeff', '  '])('%j has no messages', (text) => {
    expect(splitMessages(text)).toEqual([])
  })

  it('may begin with a byte order mark', () => {
    expect(splitMessages('\ufeff{"a":1}')).toEqual([{ text: '{"a":1}', line: 1 }])
  })
})

describe('an array', () => {
  it('has its elements as they are written', () => {
    const text = '[\n  {"a": 9007199254740993},\n  {"b": "],[\\"}"}, [1, [2]],\n\n"x" ]'
    expect(splitMessages(text)).toEqual([
      { text: '{"a": 9007199254740993}', line: 2 },
      { text: '{"b": "],[\\"}"}', line: 3 },
      { text: '[1, [2]]', line: 3 },
      { text: '"x"', line: 5 },
    ])
  })

  it('may be empty', () => {
    expect(splitMessages(' [ ] ')).toEqual([])
  })

  it.each(['[', '[{"a":1}', '[{"a":1},', '["x', '[{"a":"\\'])('%s says that it has no end', (text) => {
    expect(() => splitMessages(text)).toThrow('line 1: the array has no end')
  })

  it('is split as JSON.parse does', () => {
    const random = new SeededRandom(9)
    for (let turn = 0; turn < 200; turn++) {
      const values = Array.from({ length: random.below(6) }, () => ({
        [random.text(random.below(4))]: random.pick<unknown>([1, random.text(6), [], [{}], null, '"\\', '},{']),
      }))
      const text = JSON.stringify(values, null, random.below(3))
      expect(splitMessages(text).map((message) => JSON.parse(message.text))).toEqual(values)
    }
  })
})
