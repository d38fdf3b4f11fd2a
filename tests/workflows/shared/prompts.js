// Texts that several workflows use.
import { bullets } from './text/bullets.js'

export const role = 'You are a careful reviewer.'
export const prompt = (what, points) => `${role}\n\nReview ${what} for:\n${bullets(points)}`
export default { points: ['errors', 'names'] }
