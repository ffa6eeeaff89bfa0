/** One picker after the other. */
import { type Picker, QUEUE } from '../../contracts/picker.ts'

/** Starts at a place that chance draws, so that many clients do not all begin with the same endpoint. */
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
