import { launch } from '../bin/launch.js'

await launch(new URL('./main.ts', import.meta.url))
