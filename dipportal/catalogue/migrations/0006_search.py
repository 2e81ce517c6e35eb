from typing import Any

from django.db import migrations, models
from django.db.models.functions import Upper


def learn(_apps: Any, editor: Any) -> None:
    """What the index is for: how much of it a word finds. PostgreSQL would count it after many more changes only."""
    if editor.connection.vendor == 'postgresql':
        editor.execute('ANALYZE catalogue_production')


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0004_lists_of_a_house'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='production',
            index=models.Index(models.F('season').desc(), models.F('title'), models.F('id'), Upper('title'), name='production_search'),
        ),
        migrations.RunPython(learn, migrations.RunPython.noop),
    ]
