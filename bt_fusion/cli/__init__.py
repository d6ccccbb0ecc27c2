"""The commands that train, tune and judge models; `cli` registers them."""
