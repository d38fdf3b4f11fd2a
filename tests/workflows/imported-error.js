import { need } from './shared/checks.js'
export const meta = { name: 'imported-error', description: 'Fails in a file that it imports' }
const { target } = need(args, 'target')
return target
