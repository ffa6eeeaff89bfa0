//! Generates the services from the descriptor sets that `buf build` wrote; PROTO_IMAGES names them, split by `:`.
use prost::Message;
use prost_types::FileDescriptorSet;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-env-changed=PROTO_IMAGES");
    for image in std::env::var("PROTO_IMAGES")?.split(':') {
        println!("cargo:rerun-if-changed={image}");
        let files = FileDescriptorSet::decode(std::fs::read(image)?.as_slice())?;
        tonic_prost_build::configure()
            .build_client(false)
            .compile_fds(files)?;
    }
    Ok(())
}
