//! The one cryptography provider of the process.

/// Makes ring the process's TLS cryptography, once; call it first thing in `main`. Calling it again changes nothing.
pub fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Refused only when another thread has installed one in this moment, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}
