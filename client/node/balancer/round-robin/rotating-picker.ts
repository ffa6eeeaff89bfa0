/** Rotates through pickers. */
import { type Picker, QUEUE } from '../../contracts/picker.ts'

/** Starts at a random position, so that many clients do not all start with the same endpoint. */
export function rotatingPicker(pickers: readonly Picker[], random: () => number): Picker {
  let next = Math.floor(random() * pickers.length)
  return {
    pick(call) {
      const picker = pickers[next]
      next = (next + 1) % pickers.length
      return picker === undefined ? QUEUE : picker.pick(call)
    },
  }
}
